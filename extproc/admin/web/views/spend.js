import { ask } from "../api.js";
import { Chart } from "../chart.js";
import { choice, field, h, name as named, note, table } from "../dom.js";
import { figure, many, milliseconds, usd } from "../words.js";

const BY = [
  ["client,model", "client and model"], ["client", "client"], ["model", "model"], ["backend", "backend"],
  ["model,backend", "model and backend"], ["day", "day"], ["day,client", "day and client"], ["operation", "operation"],
];
const DAYS = [["1", "24 hours"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "365 days"]];

function share(row, most) {
  const bar = h("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${most ? Math.max(1, (60 * row.cost_usd) / most) : 0}px`;
  return [bar, usd(row.cost_usd)];
}

function columns(by, most) {
  return [
    ...by.split(",").map((name) => [name, "", (row) => named(row.group[name] || "–")]),
    ["Cost", "number", (row) => share(row, most)],
    ["Requests", "number", (row) => figure(row.requests)],
    ["Failed attempts", "number", (row) => figure(row.failed)],
    ["Refused", "number", (row) => figure(row.refused)],
    ["Input tokens", "number", (row) => figure(row.input_tokens)],
    ["from cache", "number", (row) => figure(row.cache_read_tokens)],
    ["Output tokens", "number", (row) => figure(row.output_tokens)],
    ["Mean time", "number", (row) => milliseconds(row.duration_ms)],
  ];
}

// All days between the first and the last one; those without costs are zeros.
function days(rows) {
  const cost = new Map(rows.map((row) => [Date.parse(row.group.day) / 1000, row.cost_usd]));
  const [first, last] = [Math.min(...cost.keys()), Math.max(...cost.keys())];
  const times = [];
  for (let at = first - 86400; at <= last + 86400; at += 86400) times.push(at);
  return [times, times.map((at) => cost.get(at) ?? 0)];
}

export default {
  title: "Spend",
  open({ root, signal, lost }) {
    const out = h("div");
    const chart = new Chart("Cost a day", "", [{ name: "cost", paint: "violet", show: usd, bars: true }], { date: true });
    const by = choice(BY, BY[0][0], { onchange: () => look().catch(lost) });
    const since = choice(DAYS, "30", { onchange: () => look().catch(lost) });
    root.append(h("form", { class: "row" }, field("By", by), field("Of the last", since)), chart.element, out);
    const look = async () => {
      const [daily, said] = await Promise.all([
        ask(`spend?by=day&days=${since.value}`, { signal }),
        ask(`spend?by=${by.value}&days=${since.value}`, { signal }),
      ]);
      chart.element.hidden = !daily.rows.length;
      if (daily.rows.length) {
        chart.put(days(daily.rows));
        chart.label(`${usd(daily.rows.reduce((sum, row) => sum + row.cost_usd, 0))} on ${many(daily.rows.length, "day")}`);
      }
      const most = Math.max(0, ...said.rows.map((row) => row.cost_usd));
      out.replaceChildren(
        said.problem ? note(said.problem, "warn")
          : table("What was spent", columns(by.value, most), said.rows, "Nothing was asked in that time."),
        said.cut ? note(`These are the dearest ${said.rows.length}; \`extproc usage\` tells all.`) : "");
    };
    return { look, every: 30, close: () => chart.close() };
  },
};
