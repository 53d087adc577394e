import { ask } from "../api.js";
import { code, few, field, h, list, table } from "../dom.js";
import { usd } from "../words.js";

function served(row) {
  return h("ol", { class: "plain" }, row.backends.map((one) => h("li", {},
    h("a", { href: "#/backends" }, one.backend), one.model ? [" as ", code(one.model)] : [],
    row.backends.length > 1
      ? h("span", { class: "faint" }, ` priority ${one.priority}, weight ${one.weight}`) : null)));
}

function price(row) {
  if (!row.price) return h("span", { class: "faint" }, "not said");
  return list(Object.entries(row.price).map(([unit, value]) => `${unit.replaceAll("_", " ")} ${usd(value)}`));
}

function tried(row) {
  const name = row.models.find((one) => !one.endsWith("*") && !one.startsWith("/"));
  return name ? h("a", { href: `#/playground?model=${encodeURIComponent(name)}` }, "Try") : "";
}

const COLUMNS = [
  ["Models", "", (row) => list(few(row.models.map(code)))],
  ["Served by", "", served],
  ["Chosen", "", (row) => row.balance.replaceAll("_", " ")],
  ["Attempts", "number", (row) => String(row.attempts)],
  ["Price: tokens by the million", "", price],
  ["Trial", "", tried],
];

export default {
  title: "Models",
  open({ root, signal }) {
    const rows = h("div");
    const wanted = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    let routes = [];
    // Of a route, the names that are looked for.
    const found = () => routes
      .map((row) => ({ ...row, models: row.models.filter((one) => one.includes(wanted.value.trim())) }))
      .filter((row) => row.models.length);
    const show = () => rows.replaceChildren(
      table("Routes", COLUMNS, found(), routes.length ? "No route has such a name." : "There are no routes yet."));
    wanted.addEventListener("input", show);
    root.append(h("p", { class: "lead" }, "What clients can ask for, and who serves it, in the order of gateway.yaml."),
      h("form", { class: "row", onsubmit: (event) => event.preventDefault() }, field("Find a model", wanted)), rows);
    const look = async () => {
      routes = (await ask("routes", { signal })).routes;
      show();
    };
    return { look, every: 30 };
  },
};
