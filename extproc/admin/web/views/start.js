import { ask } from "../api.js";
import { choice, code, field, h, note, say } from "../dom.js";

const PATIENCE = 20;

function pause(seconds) {
  return new Promise((done) => setTimeout(done, seconds * 1000));
}

function yaml({ name, provider, reference, address, model, upstream }) {
  const url = address ? `, base_url: "${address}"` : "";
  const credential = reference ? `{api_key: "${reference}"}` : "none";
  return `backends:\n  ${name}: {provider: ${provider}${url}, credential: ${credential}}\nroutes:\n  - models: ["${model}"]\n    backends: [{backend: ${name}, model: "${upstream}"}]\n`;
}

export default {
  title: "Start",
  open({ root, status, signal, lost }) {
    const provider = choice([], "", { required: true });
    const address = h("input", { type: "url", placeholder: "http://127.0.0.1:8000", spellcheck: "false" });
    const where = field("Its address", address, "scheme, host and port");
    const kind = choice([["env", "environment variable"], ["file", "file"], ["none", "it needs none"]], "env");
    const place = h("input", { type: "text", spellcheck: "false", autocomplete: "off" });
    const named = field("Its name", place, "which one");
    const upstream = h("input", { type: "text", required: true, spellcheck: "false" });
    const model = h("input", { type: "text", required: true, spellcheck: "false", value: "smart" });
    const said = h("div", { "aria-live": "polite" });
    const add = h("button", { class: "main" }, status.write ? "Add it to gateway.yaml" : "Show what to write");
    let makers = new Map();

    const chosen = () => makers.get(provider.value);
    const reference = () => (kind.value === "none" ? "" : `${kind.value}:${place.value.trim()}`);

    function changed() {
      const one = chosen();
      where.hidden = !one.base_url;
      address.required = one.base_url;
      kind.value = one.keyless ? "none" : "env";
      upstream.value = one.example;
      asked();
    }

    function asked() {
      named.hidden = kind.value === "none";
      place.required = kind.value !== "none";
      place.value = kind.value === "file" ? "/run/secrets/key" : chosen().variable;
      named.querySelector(".hint").textContent = kind.value === "file"
        ? "an absolute path on the gateway's machine; it is read again when it changes"
        : "of the environment in which extproc was started; a file can be added later, a variable cannot";
    }

    function wanted() {
      const one = chosen();
      const name = one.name.replace(/[^A-Za-z0-9-]/g, "-");
      return {
        name, provider: one.name, reference: reference(), address: one.base_url ? address.value.trim() : "",
        model: model.value.trim(), upstream: upstream.value.trim(),
      };
    }

    async function begin(event) {
      event.preventDefault();
      const order = wanted();
      if (!status.write) {
        said.replaceChildren(note("Put this into gateway.yaml; the gateway takes it when it is saved."), h("pre", {}, yaml(order)));
        return;
      }
      add.disabled = true;
      try {
        await write(order);
        await until(order);
      } catch (error) {
        lost(error);
      } finally {
        add.disabled = false;
      }
    }

    async function write({ name, provider: kindOf, reference: at, address: url, model: theirs, upstream: its }) {
      const body = {
        name, custom_provider_config: { base_provider_type: kindOf },
        ...(url ? { network_config: { base_url: url } } : {}), ...(at ? { keys: [{ value: at }] } : {}),
      };
      const { backends } = await ask("backends", { signal });
      if (!backends.some((one) => one.name === name)) await ask("providers", { method: "POST", body, signal });
      await ask("routes", { method: "POST", body: { models: [theirs], backends: [{ backend: name, model: its }] }, signal });
    }

    // The gateway takes the file by itself; what the backend lacks is then known.
    async function until({ name, model: theirs }) {
      said.replaceChildren(note("Written to gateway.yaml; waiting until it is in force …"));
      for (let waited = 0; waited < PATIENCE; waited += 1) {
        await pause(1);
        const one = (await ask("backends", { signal })).backends.find((found) => found.name === name);
        if (one?.models.includes(theirs) && (one.problem || one.hosts.length || waited > 5)) return done(one, theirs);
      }
      said.replaceChildren(note("It is not in force yet; the gateway's log says why.", "bad"));
    }

    function done(one, theirs) {
      const next = h("a", { class: "button main", href: `#/playground?model=${encodeURIComponent(theirs)}` }, "Make a call");
      said.replaceChildren(one.problem ? note(`In force, but ${one.problem}.`, "warn") : note("In force.", "good"),
        h("p", {}, next));
      say("In force");
      next.focus();
    }

    provider.addEventListener("change", changed);
    kind.addEventListener("change", asked);
    root.append(
      h("p", { class: "lead" }, status.routes ? "Another backend, and a model by which clients reach it."
        : "There is nothing to serve yet: a backend and a model are all that it takes."),
      h("form", { class: "steps", onsubmit: begin },
        h("fieldset", {}, h("legend", {}, "1. Who serves"), field("Provider", provider,
          "clouds with regions and identities are written under Configuration"), where),
        h("fieldset", {}, h("legend", {}, "2. Where its key is"),
          h("p", { class: "faint" }, "Name the place, never the key itself: gateway.yaml holds ", code("env:NAME"), " or ", code("file:/path"), "."),
          h("div", { class: "row" }, field("The key is in", kind, ""), named)),
        h("fieldset", {}, h("legend", {}, "3. What clients ask for"),
          h("div", { class: "row" }, field("Model, as clients call it", model), field("as the provider calls it", upstream))),
        h("p", { class: "buttons" }, add), said));

    const look = async () => {
      const found = await ask("makers", { signal });
      makers = new Map(found.providers.map((one) => [one.name, one]));
      provider.replaceChildren(...found.providers.map((one) => h("option", { value: one.name }, one.title)));
      provider.value = "openai";
      changed();
    };
    return { look };
  },
};
