import { ask, lines } from "../api.js";
import { choice, field, h, note, say } from "../dom.js";
import { figure, usd } from "../words.js";

const SUGGESTED = 500; // names of models; a browser that is shown more is slow

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function facts(told) {
  const found = [];
  if (told.status) found.push(...fact("Status", String(told.status)));
  if (told.model) found.push(...fact("Answered by", told.model));
  if (told.finish) found.push(...fact("Ended", told.finish.replaceAll("_", " ")));
  if (told.headers) found.push(...fact("Dropped", told.headers["x-ai-dropped-params"] || "nothing"));
  if (told.usage) {
    const { input, output, cache_read: cached, reasoning } = told.usage;
    const more = [cached ? `${figure(cached)} from cache` : "", reasoning ? `${figure(reasoning)} reasoning` : ""];
    found.push(...fact("Tokens", [`${figure(input)} in`, `${figure(output)} out`, ...more].filter(Boolean).join(", ")));
    found.push(...fact("Cost", usd(told.cost_usd)));
  }
  if (told.seconds) found.push(...fact("Time", `${told.seconds} s`));
  return found;
}

export default {
  title: "Playground",
  open({ root, status, query, signal, lost }) {
    const dialect = choice([], "");
    const names = h("datalist", { id: "models" });
    const model = h("input", { type: "text", list: "models", required: true, spellcheck: "false", value: query.get("model") ?? "" });
    const key = h("input", { type: "password", autocomplete: "off", spellcheck: "false" });
    const system = h("input", { type: "text" });
    const prompt = h("textarea", { rows: "3", required: true }, "Why is the sky blue? One sentence.");
    const most = h("input", { type: "number", min: "1", max: "1000000", value: "256" });
    const warmth = h("input", { type: "number", min: "0", max: "2", step: "0.1" });
    const stream = h("input", { type: "checkbox", checked: true, id: "stream" });
    const body = h("textarea", { class: "file", rows: "12", spellcheck: "false", wrap: "off" });
    const path = h("code");
    const send = h("button", { class: "main" }, "Send");
    const stop = h("button", { type: "button", hidden: true, onclick: () => running?.abort() }, "Stop");
    const answer = h("div", { class: "answer", "aria-live": "polite", "aria-label": "Answer", role: "region", tabindex: "0" });
    const told = h("dl", { class: "facts" });
    const raw = h("pre", { class: "raw", tabindex: "0", role: "region", "aria-label": "The answer as it came" });
    let running = null;

    const trial = () => ({
      dialect: dialect.value, model: model.value, prompt: prompt.value, system: system.value, stream: stream.checked,
      max_tokens: most.value ? Number(most.value) : null, temperature: warmth.value ? Number(warmth.value) : null,
    });

    let edits = 0;

    // What a person has written meanwhile stays.
    async function draft() {
      const before = edits;
      const made = await ask("trials/draft", { method: "POST", body: trial(), signal });
      if (before !== edits) return;
      path.textContent = `POST ${made.path}`;
      body.value = JSON.stringify(made.body, null, 2);
    }

    let waiting = 0;
    const redraft = () => {
      edits += 1;
      clearTimeout(waiting);
      waiting = setTimeout(() => draft().catch(lost), 250);
    };

    async function run(event) {
      event.preventDefault();
      clearTimeout(waiting);
      running?.abort();
      running = new AbortController();
      const mine = running;
      signal.addEventListener("abort", () => mine.abort());
      const shown = {};
      answer.replaceChildren();
      raw.textContent = "";
      send.disabled = true;
      stop.hidden = false;
      answer.setAttribute("aria-busy", "true");
      say("Sent");
      try {
        const order = { ...trial(), body: JSON.parse(body.value), key: key.value };
        for await (const line of lines("trials", { method: "POST", body: order, signal: mine.signal })) hear(line, shown);
      } catch (error) {
        if (error.name === "AbortError") answer.append(note("Stopped.", "warn"));
        else if (error instanceof SyntaxError) answer.append(note(`The request is not JSON: ${error.message}`, "bad"));
        else lost(error);
      } finally {
        send.disabled = false;
        stop.hidden = true;
        answer.removeAttribute("aria-busy");
        say(shown.status ? `Answered with status ${shown.status}` : "");
      }
    }

    function hear(line, shown) {
      Object.assign(shown, line);
      if (line.raw) raw.append(line.raw);
      if (line.text) answer.append(line.text);
      if (line.thinking) answer.append(h("span", { class: "thinking" }, line.thinking));
      if (line.problem) answer.append(note(line.problem, "bad"));
      if (line.seconds && shown.status >= 400) answer.append(note(`The gateway refused it with ${shown.status}.`, "bad"), raw.textContent);
      told.replaceChildren(...facts(shown));
    }

    const form = h("form", { class: "split", onsubmit: run },
      h("div", {},
        h("div", { class: "row" }, field("Client's format", dialect), field("Model", model), names),
        field("Key of the client", key, status.clients ? "one of those that clients use; it goes to the gateway alone" : "not needed here"),
        field("System", system), field("Prompt", prompt),
        h("div", { class: "row" }, field("Most tokens", most), field("Temperature", warmth),
          h("div", { class: "field check" }, stream, h("label", { for: "stream" }, "Streamed")))),
      h("div", {}, h("p", { class: "path" }, path), field("Request", body, "as it goes to the gateway; edit it as you like"),
        h("p", { class: "buttons" }, send, stop)));
    for (const control of [dialect, model, system, prompt, most, warmth, stream]) control.addEventListener("input", redraft);
    body.addEventListener("input", () => {
      edits += 1;
      clearTimeout(waiting);
    });
    root.append(h("p", { class: "lead" }, `A call through the gateway at ${status.listener}, as any client makes it. It counts, and it costs.`), form,
      h("h2", {}, "Answer"), answer, told, h("details", {}, h("summary", {}, "As it came"), raw));

    const look = async () => {
      const [formats, routes] = await Promise.all([ask("trials", { signal }), ask("routes", { signal })]);
      dialect.replaceChildren(...formats.dialects.map((name) => h("option", { value: name }, name)));
      names.replaceChildren(...routes.names.slice(0, SUGGESTED).map((name) => h("option", { value: name })));
      model.value ||= routes.names[0] ?? "";
      await draft();
    };
    return { look, close: () => running?.abort() };
  },
};
