import { ask } from "../api.js";
import { code, field, h, note, table } from "../dom.js";
import { amount, duration, unit } from "../words.js";

function meter(limit, row) {
  if (row.left === null) return h("span", { class: "faint" }, "the limiter does not say");
  const used = Math.max(0, limit.amount - row.left);
  const bar = h("meter", {
    min: "0", max: String(limit.amount), value: String(used), low: String(limit.amount * 0.75),
    high: String(limit.amount * 0.9), optimum: "0",
    "aria-label": `${amount(used, limit.unit)} of ${amount(limit.amount, limit.unit)} used`,
  });
  return bar;
}

function card(limit) {
  const columns = [
    ...limit.per.map((part) => [part, "", (row) => code(row.whom[part])]),
    ["Used", "", (row) => meter(limit, row)],
    [`Left (${unit(limit.unit)})`, "number", (row) => (row.left === null ? "–" : amount(row.left, limit.unit))],
  ];
  const empty = limit.open.length
    ? `For whom it is cannot be known beforehand: name a value of ${limit.open.join(", ")} above.`
    : "There is nobody yet whom it is for.";
  return h("section", { class: "card" },
    h("h2", {}, limit.terms),
    h("p", { class: "faint" }, `The window ends in ${duration(limit.resets_in)}. `,
      limit.models.length ? `Only for ${limit.models.join(", ")}.` : ""),
    table(limit.terms, columns, limit.left, empty),
    limit.cut ? note("There are more than are shown.") : null);
}

export default {
  title: "Limits",
  open({ root, signal, lost }) {
    const cards = h("div", { class: "cards one" });
    const of = h("input", { type: "text", spellcheck: "false", autocomplete: "off" });
    const form = h("form", {
      class: "row", onsubmit: (event) => {
        event.preventDefault();
        look().catch(lost);
      },
    }, field("Value of a header", of, "for limits on one, such as x-user-id"), h("button", {}, "Look"));
    root.append(h("p", { class: "lead" }, "What is left is what the limiter says; what is reserved for requests under way counts as used."), form, cards);
    const look = async () => {
      const { limits } = await ask(`limits?of=${encodeURIComponent(of.value)}`, { signal });
      form.hidden = !limits.some((one) => one.open.length);
      cards.replaceChildren(...(limits.length ? limits.map(card)
        : [h("p", { class: "empty" }, "There are no limits: say some under `limits`.")]));
    };
    return { look, every: 10 };
  },
};
