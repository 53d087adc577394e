// Elements of the page. What others have said becomes text, and never markup.

export function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

let count = 0;

// A control below its label; `hint` is read with it.
export function field(label, control, hint) {
  control.id ||= `field-${(count += 1)}`;
  const said = hint && h("span", { class: "hint", id: `${control.id}-hint` }, hint);
  if (said) control.setAttribute("aria-describedby", said.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, said);
}

export function choice(options, value, properties) {
  const made = h("select", properties, options.map(([key, text]) => h("option", { value: key }, text)));
  made.value = value;
  return made;
}

// Columns are [heading, kind, cell of a row]; kind is "number" or empty.
export function table(caption, columns, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const head = columns.map(([text, kind]) => h("th", { scope: "col", class: kind }, text));
  const body = rows.map((row) =>
    h("tr", {}, columns.map(([, kind, cell]) => h("td", { class: kind }, cell(row)))));
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function list(items) {
  return h("ul", {}, items.map((item) => h("li", {}, item)));
}

// What others have named: however it is written, what stands beside it stays in its order.
export function name(text) {
  return h("bdi", { class: "name" }, text);
}

export function code(text) {
  return h("code", {}, h("bdi", {}, text));
}

const FEW = 12;

// The first ones, and how many more there are.
export function few(items) {
  const more = items.length - FEW;
  if (more < 2) return items;
  return [...items.slice(0, FEW), h("span", { class: "faint" }, `and ${more.toLocaleString("en")} more`)];
}

// A word with a colour; the word alone says it all.
export function badge(text, kind) {
  return h("span", { class: `badge ${kind}` }, text);
}

export function tile(name, value, note) {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, value), note && h("dd", { class: "note" }, note));
}

export function note(text, kind = "") {
  return h("p", { class: `box ${kind}`, role: kind === "bad" ? "alert" : undefined }, text);
}

export function say(text) {
  document.getElementById("said").textContent = text;
}
