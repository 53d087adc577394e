import { ask } from "../api.js";
import { Chart } from "../chart.js";
import { h, note, table, tile } from "../dom.js";
import { clock, figure, many, milliseconds, usd } from "../words.js";

const MINUTES = 60;

const COLUMNS = [
  ["Minute", "", (row) => clock(row.at)],
  ["Requests", "number", (row) => figure(row.requests)],
  ["Attempts", "number", (row) => figure(row.attempts)],
  ["Failed", "number", (row) => figure(row.failed)],
  ["Refused", "number", (row) => figure(row.refused)],
  ["Input tokens", "number", (row) => figure(row.input_tokens)],
  ["Output tokens", "number", (row) => figure(row.output_tokens)],
  ["Cost", "number", (row) => usd(row.cost_usd)],
  ["Mean time", "number", (row) => milliseconds(row.duration_ms)],
];

// Every minute of the hour: those in which nobody asked are zeros.
function filled({ now, minutes }) {
  const last = Math.floor(now / 60) * 60;
  const known = new Map(minutes.map((one) => [one.at, one]));
  const times = Array.from({ length: MINUTES }, (_, index) => last - (MINUTES - 1 - index) * 60);
  return [times, (name) => times.map((at) => known.get(at)?.[name] ?? 0)];
}

function sums(minutes) {
  const total = (name) => minutes.reduce((sum, one) => sum + one[name], 0);
  const attempts = total("attempts");
  const busy = minutes.reduce((sum, one) => sum + one.duration_ms * one.attempts, 0);
  return { total, mean: attempts ? busy / attempts : 0 };
}

function tiles(minutes) {
  const { total, mean } = sums(minutes);
  const [attempts, failed] = [total("attempts"), total("failed")];
  const share = attempts ? `${((100 * failed) / attempts).toFixed(1)} % of attempts` : "of none";
  return [
    tile("Requests", figure(total("requests")), `${many(attempts, "attempt")} at backends`),
    tile("Failed attempts", figure(failed), share),
    tile("Refused requests", figure(total("refused")), "by Envoy itself: limits, keys, …"),
    tile("Tokens", figure(total("input_tokens") + total("output_tokens")),
      `${figure(total("input_tokens"))} in, ${figure(total("output_tokens"))} out`),
    tile("Cost", usd(total("cost_usd")), "by the routes' prices"),
    tile("Mean time", milliseconds(mean), "of an attempt"),
  ];
}

export default {
  title: "Traffic",
  open({ root, signal }) {
    const problem = h("div");
    const numbers = h("dl", { class: "tiles" });
    const charts = [
      new Chart("Requests a minute", "", [
        { name: "requests", paint: "blue", show: figure },
        { name: "failed attempts", paint: "red", show: figure },
        { name: "refused", paint: "violet", show: figure },
      ]),
      new Chart("Tokens a minute", "", [
        { name: "input", paint: "blue", show: figure },
        { name: "output", paint: "green", show: figure },
      ]),
      new Chart("Cost a minute", "", [{ name: "cost", paint: "violet", show: usd }]),
    ];
    const rows = h("div");
    root.append(h("p", { class: "lead" }, "The last hour, looked at every 5 seconds."), problem, numbers,
      h("div", { class: "charts" }, charts.map((one) => one.element)),
      h("details", {}, h("summary", {}, "The same as a table"), rows));
    const look = async () => {
      const said = await ask(`traffic?minutes=${MINUTES}`, { signal });
      problem.replaceChildren(...(said.problem ? [note(said.problem, "warn")] : []));
      numbers.replaceChildren(...tiles(said.minutes));
      const [times, of] = filled(said);
      charts[0].put([times, of("requests"), of("failed"), of("refused")]);
      charts[1].put([times, of("input_tokens"), of("output_tokens")]);
      charts[2].put([times, of("cost_usd")]);
      const { total } = sums(said.minutes);
      charts[0].label(`${many(total("requests"), "request")}, ${many(total("failed"), "failed attempt")} and ${many(total("refused"), "refused request")} in the last hour`);
      charts[1].label(`${figure(total("input_tokens"))} input and ${figure(total("output_tokens"))} output tokens in the last hour`);
      charts[2].label(`${usd(total("cost_usd"))} in the last hour`);
      rows.replaceChildren(table("Minutes with requests", COLUMNS, [...said.minutes].reverse(),
        "Nobody has asked in the last hour."));
    };
    return { look, every: 5, close: () => charts.forEach((one) => one.close()) };
  },
};
