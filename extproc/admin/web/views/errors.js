import { ask } from "../api.js";
import { badge, choice, code, field, h, note, table } from "../dom.js";
import { milliseconds, moment } from "../words.js";

const HOURS = [["1", "hour"], ["24", "24 hours"], ["168", "7 days"]];
// What Envoy says in RESPONSE_CODE_DETAILS (its documentation: "Response Code Details").
const WHY = {
  cut: "it ended before its time, or nothing came",
  unknown_api_key: "not one of the clients' keys",
  missing_api_key: "a client without a key",
  request_rate_limited: "a limit is used up",
  direct_response: "no such model or path",
  no_healthy_upstream: "no backend is healthy",
  request_payload_too_large: "the body is too large",
  downstream_remote_disconnect: "the client has left",
};

function why(row) {
  const words = WHY[row.failure];
  return words ? `${row.failure}: ${words}` : row.failure;
}

const COLUMNS = [
  ["When", "", (row) => moment(row.at)],
  ["Why", "", (row) => [badge(row.status ? String(row.status) : "–", row.status >= 500 || !row.status ? "bad" : "warn"), " ", why(row)]],
  ["Client", "", (row) => row.client || "–"],
  ["Model", "", (row) => code(row.request_model || "–")],
  ["Backend", "", (row) => row.backend || (row.requests > 1 ? `none, ${row.requests} times in that minute` : "none")],
  ["asked for", "", (row) => (row.upstream_model ? code(row.upstream_model) : "–")],
  ["Operation", "", (row) => row.operation + (row.stream ? ", streamed" : "")],
  ["After", "number", (row) => (row.backend ? milliseconds(row.duration_ms) : "–")],
];

export default {
  title: "Errors",
  open({ root, signal, lost }) {
    const rows = h("div");
    const hours = choice(HOURS, "24", { onchange: () => look().catch(lost) });
    root.append(h("p", { class: "lead" }, "Attempts that failed, the last one first; a number is the provider's status. Without a backend: requests that Envoy has refused by itself, or that nobody waited for, counted by minute; the number is Envoy's."),
      h("form", { class: "row" }, field("Of the last", hours)), rows);
    const look = async () => {
      const said = await ask(`errors?hours=${hours.value}`, { signal });
      rows.replaceChildren(said.problem ? note(said.problem, "warn")
        : table("Attempts that failed", COLUMNS, said.errors, "Nothing has failed in that time."));
    };
    return { look, every: 5 };
  },
};
