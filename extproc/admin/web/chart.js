// Lines and bars over time, drawn by uPlot in the colours of the page.

import uPlot from "./vendor/uPlot.esm.js";
import { h } from "./dom.js";

const HEIGHT = 150;
const DAY = 86400;
const DAILY = { space: 80, values: "{YYYY}-{MM}-{DD}", incrs: [1, 2, 7, 14, 28, 91].map((days) => days * DAY) };
const MINUTELY = { space: 60, values: "{HH}:{mm}" };
const dark = matchMedia("(prefers-color-scheme: dark)");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axis(more) {
  return {
    stroke: colour("faint"), font: "11px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, ...more,
  };
}

function line({ name, paint, show, bars }) {
  const made = {
    label: name, stroke: colour(paint), width: 1.5, value: (_, value) => (value == null ? "–" : show(value)),
    fill: `${colour(paint)}22`, points: { show: false },
  };
  return bars ? { ...made, fill: colour(paint), paths: uPlot.paths.bars({ size: [0.6, 40] }) } : made;
}

// `series` are {name, paint, show}; `label` says what the picture does.
export class Chart {
  constructor(title, label, series, { date = false } = {}) {
    this.frame = h("div", { class: "plot", role: "img", "aria-label": label });
    this.element = h("section", { class: "chart" }, h("h2", {}, title), this.frame);
    this.series = series;
    this.date = date;
    this.redraw = () => this.made && this.draw(this.data);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.frame);
    dark.addEventListener("change", this.redraw);
  }

  label(text) {
    this.frame.setAttribute("aria-label", text);
  }

  put(data) {
    this.data = data;
    if (this.made) this.made.setData(data);
    else this.draw(data);
  }

  draw(data) {
    this.made?.destroy();
    const width = this.frame.clientWidth || 320;
    const show = this.series[0].show;
    this.made = new uPlot({
      width, height: HEIGHT, tzDate: this.date ? (at) => uPlot.tzDate(new Date(at * 1000), "UTC") : undefined,
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        axis({ size: 28, ...(this.date ? DAILY : MINUTELY) }),
        axis({ size: 60, space: 30, values: (_, all) => all.map(show) }),
      ],
      series: [
        { value: (this.date ? DAILY : MINUTELY).values },
        ...this.series.map(line),
      ],
    }, data, this.frame);
  }

  resize() {
    const width = this.frame.clientWidth;
    if (this.made && width && width !== this.made.width) this.made.setSize({ width, height: HEIGHT });
  }

  close() {
    this.sizes.disconnect();
    dark.removeEventListener("change", this.redraw);
    this.made?.destroy();
  }
}
