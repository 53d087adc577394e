import { ask } from "../api.js";
import { code, field, h, note, say, table } from "../dom.js";
import { moment } from "../words.js";

const KINDS = { "+": "added", "-": "removed", "@": "place" };

const HISTORY = [
  ["No.", "number", (row) => String(row.number)],
  ["When", "", (row) => moment(row.at)],
  ["What", "", (row) => [row.act, row.provider ? [" ", code(row.provider)] : [], row.of ? ` of ${row.of}` : ""].flat()],
  ["Fields", "", (row) => row.fields.join(", ") || "–"],
];

function diff(lines) {
  if (!lines.length) return h("p", { class: "empty" }, "Envoy's configuration stays as it is.");
  return h("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "Difference of Envoy's configuration" },
    lines.map((line, index) => h("span", { class: index < 2 ? "place" : KINDS[line[0]] ?? "" }, `${line}\n`)));
}

function flaws(found, text) {
  return h("ul", { class: "flaws" }, found.map((one) => h("li", {},
    one.line ? h("button", { type: "button", class: "link", onclick: () => goto(text, one.line) }, `line ${one.line}`) : null,
    " ", one.key ? [code(one.key), ": "] : [], one.message)));
}

function goto(text, line) {
  const lines = text.value.split("\n");
  const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  text.focus();
  text.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, line - 5);
}

function outcome(said, text) {
  if (said.flaws.length) return [note("The gateway would not take this:", "bad"), flaws(said.flaws, text)];
  return [
    note(said.saved ? "Saved. The gateway takes it within a second or two." : "The gateway would take this.", "good"),
    said.lacking.length ? [note("What is missing; these backends cannot be used until it is there:", "warn"), h("ul", { class: "flaws" }, said.lacking.map((one) => h("li", {}, one)))] : [],
    said.saved ? [] : [h("h2", {}, "What changes in Envoy's configuration"), diff(said.diff)],
    said.cut ? note("The difference is longer than this.") : [],
  ].flat(2);
}

export default {
  title: "Configuration",
  open({ root, signal, lost }) {
    const text = h("textarea", { class: "file", rows: "24", spellcheck: "false", autocomplete: "off", wrap: "off" });
    const said = h("div", { "aria-live": "polite" });
    const past = h("div");
    const now = { version: "", text: "" };
    const check = h("button", { type: "button", onclick: () => put(true) }, "Check");
    const save = h("button", { type: "button", class: "main", disabled: true, onclick: () => put(false) }, "Save");
    const again = h("button", { type: "button", class: "quiet", onclick: () => read().catch(lost) }, "Read it again");
    const undo = h("button", { type: "button", class: "quiet", onclick: () => back().catch(lost) }, "Take the last change back");
    const buttons = h("p", { class: "buttons" }, check, save, again);
    text.addEventListener("input", () => { save.disabled = true; });
    root.append(field("gateway.yaml", text), buttons, said, past);

    async function read() {
      const found = await ask("configuration", { signal });
      Object.assign(now, { version: found.version });
      text.value = found.text;
      text.readOnly = !found.write;
      save.disabled = true;
      buttons.hidden = !found.write;
      said.replaceChildren(
        found.write ? "" : note("It can be changed here where gateway.yaml says admin: {write: true}."),
        ...(found.flaws.length ? [note("What is wrong with it, or missing, now:", "warn"), flaws(found.flaws, text)] : []));
      past.replaceChildren(...(found.write ? [h("h2", {}, "What was changed here"),
        table("Changes", HISTORY, found.history, "Nothing yet."), found.history.length ? h("p", {}, undo) : ""] : []));
    }

    async function put(dry) {
      check.disabled = save.disabled = true;
      say(dry ? "Checking" : "Saving");
      try {
        const body = { text: text.value, version: now.version };
        const found = await ask(`configuration${dry ? "?dry_run=true" : ""}`, { method: "POST", body, signal });
        if (found.saved) await read();
        said.replaceChildren(...outcome(found, text));
        save.disabled = !dry || found.flaws.length > 0;
      } catch (error) {
        lost(error);
      } finally {
        check.disabled = false;
        say("");
      }
    }

    async function back() {
      await ask("history/undo", { method: "POST", signal });
      await read();
      said.prepend(note("The last change is taken back.", "good"));
    }

    return { look: read };
  },
};
