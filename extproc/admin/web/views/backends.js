import { ask } from "../api.js";
import { badge, code, few, h, note, tile } from "../dom.js";
import { figure, many, milliseconds, moment } from "../words.js";

const KINDS = {
  healthy: "good", degraded: "warn", unhealthy: "bad", unknown: "plain", lacking: "bad", unused: "plain",
};
const WORDS = {
  healthy: "healthy", degraded: "some addresses are out", unhealthy: "out", unknown: "not known",
  lacking: "cannot be used", unused: "no route leads to it",
};

function failure(error) {
  if (!error) return "none in the last 24 hours";
  const status = error.status ? `status ${error.status}` : "no answer";
  return [`${error.failure}, ${status}, `, code(error.upstream_model || error.request_model), `, ${moment(error.at)}`];
}

function probe(one) {
  if (!one) return "none: backends.NAME.probe";
  return one.failure ? `${one.failure}, ${moment(one.at)}` : `it answered, ${moment(one.at)}`;
}

function host(one) {
  return h("li", {}, code(one.address), " ",
    one.healthy ? badge("in use", "good") : badge(one.why || "out", "bad"),
    h("span", { class: "faint" }, ` ${many(one.requests, "request")}, ${figure(one.failed)} failed; ${many(one.unreachable, "connection")} refused`));
}

function card(one) {
  return h("section", { class: "card" },
    h("h2", {}, one.name, " ", badge(WORDS[one.status], KINDS[one.status]),
      h("span", { class: "faint" }, ` ${one.provider}`)),
    one.problem && note(one.problem, "bad"),
    h("dl", { class: "facts" },
      h("dt", {}, "Models"), h("dd", {}, one.models.length ? few(one.models.map(code)).flatMap((said) => [said, " "]) : "none"),
      h("dt", {}, "Last hour"), h("dd", {}, one.attempts ? `${many(one.attempts, "attempt")}, ${figure(one.failed)} failed, ${milliseconds(one.duration_ms)} in the mean` : "nobody has asked"),
      h("dt", {}, "Last failure"), h("dd", {}, failure(one.last_error)),
      h("dt", {}, "Last probe"), h("dd", {}, probe(one.probe)),
      h("dt", {}, "Addresses"), h("dd", {}, one.hosts.length ? h("ul", { class: "plain" }, one.hosts.map(host)) : "none known")));
}

export default {
  title: "Backends",
  open({ root, signal }) {
    const numbers = h("dl", { class: "tiles" });
    const cards = h("div", { class: "cards" });
    root.append(numbers, cards, h("p", {}, h("a", { href: "#/start" }, "Add a backend")));
    const look = async () => {
      const { envoy, backends } = await ask("backends", { signal });
      numbers.replaceChildren(
        tile("Envoy", envoy.heard ? "answers" : "not heard", envoy.heard ? "at its admin interface" : "at 127.0.0.1 and envoy.admin_port"),
        tile("Requests", figure(envoy.requests), "since its start"),
        tile("Under way", figure(envoy.active), "now"),
        tile("Refused by limits", figure(envoy.refused), "since its start"));
      cards.replaceChildren(...(backends.length ? backends.map(card) : [h("p", { class: "empty" }, "There are no backends yet.")]));
    };
    return { look, every: 5 };
  },
};
