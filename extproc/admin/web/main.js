// Which view is shown, who may see it, and how often it looks again.

import { Refused, ask, key } from "./api.js";
import { field, h, note, say } from "./dom.js";
import backends from "./views/backends.js";
import configuration from "./views/configuration.js";
import errors from "./views/errors.js";
import limits from "./views/limits.js";
import models from "./views/models.js";
import playground from "./views/playground.js";
import spend from "./views/spend.js";
import start from "./views/start.js";
import traffic from "./views/traffic.js";

const VIEWS = { traffic, models, backends, spend, limits, errors, playground, configuration, start };
const root = document.getElementById("main");
const menu = document.getElementById("views");
const leave = document.getElementById("leave");

let shown = null;

function close() {
  if (!shown) return;
  clearTimeout(shown.timer);
  shown.aborting.abort();
  shown.close?.();
  shown = null;
}

function place() {
  const [name, query] = location.hash.replace(/^#\/?/, "").split("?");
  return [name in VIEWS ? name : "", new URLSearchParams(query)];
}

async function show() {
  close();
  if (!key.get()) return enter("");
  const aborting = new AbortController();
  const mine = { aborting };
  shown = mine;
  try {
    const status = await ask("status", { signal: aborting.signal });
    const [name, query] = place();
    const chosen = name || (status.routes ? "traffic" : "start");
    draw(chosen, status);
    Object.assign(mine, VIEWS[chosen].open({ root, status, query, signal: aborting.signal, lost }));
    await look(mine);
  } catch (error) {
    if (shown === mine) lost(error);
  }
}

function draw(chosen, status) {
  const title = VIEWS[chosen].title;
  document.title = `${title} · extproc`;
  menu.hidden = leave.hidden = false;
  menu.replaceChildren(...Object.entries(VIEWS)
    .filter(([name]) => name !== "start" || !status.routes || chosen === "start")
    .map(([name, view]) => h("a", {
      href: `#/${name}`, "aria-current": name === chosen ? "page" : undefined,
    }, view.title)));
  menu.querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  const heading = h("h1", { tabindex: "-1" }, title);
  root.replaceChildren(heading);
  if (document.activeElement !== document.body) heading.focus({ preventScroll: true });
  say(title);
}

// Looks, and again after a while, unless nobody can see it.
async function look(mine) {
  if (!mine.look) return;
  try {
    if (!document.hidden || !mine.looked) await mine.look();
    mine.looked = true;
    root.querySelector(":scope > .lost")?.remove();
  } catch (error) {
    if (shown === mine) lost(error);
  }
  if (shown === mine && mine.every) mine.timer = setTimeout(() => look(mine), mine.every * 1000);
}

function lost(error) {
  if (error.name === "AbortError") return;
  if (error instanceof Refused && error.status === 401) {
    key.forget();
    close();
    enter("This key is not the one of admin.key.");
    return;
  }
  root.querySelector(":scope > .lost")?.remove();
  const box = note(error.message, "bad");
  box.classList.add("lost");
  const heading = root.querySelector("h1");
  if (heading) heading.after(box);
  else root.prepend(box);
  if (!(error instanceof Refused)) console.error(error);
}

function enter(problem) {
  menu.hidden = leave.hidden = true;
  document.title = "Sign in · extproc";
  const input = h("input", { type: "password", autocomplete: "off", required: true, spellcheck: "false" });
  const form = h("form", {
    class: "enter",
    onsubmit: (event) => {
      event.preventDefault();
      key.set(input.value.trim());
      show();
    },
  },
    h("h1", {}, "The gateway's page"),
    problem && note(problem, "bad"),
    field("Key of the management API", input,
      "What the setting admin.key names. It stays in this tab, and goes to this address alone."),
    h("button", { class: "main" }, "Open"));
  root.replaceChildren(form);
  input.focus();
}

leave.addEventListener("click", () => {
  key.forget();
  close();
  enter("");
});
addEventListener("hashchange", () => {
  if (location.hash !== "#main") show();
});
show();
