import { ask } from "../api.js";
import { code, h, list, table } from "../dom.js";
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
  ["Models", "", (row) => list(row.models.map(code))],
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
    root.append(h("p", { class: "lead" }, "What clients can ask for, and who serves it, in the order of gateway.yaml."), rows);
    const look = async () => {
      const said = await ask("routes", { signal });
      rows.replaceChildren(table("Routes", COLUMNS, said.routes, "There are no routes yet."));
    };
    return { look, every: 30 };
  },
};
