// A pipeline's throughput of the last minute as a line. It says nothing that the figure beside it does not, so it is
// hidden from screen readers.

import { MAX_POINTS } from "../rate.js";
import { setAttribute } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 28;
const SVG = "http://www.w3.org/2000/svg";

export function sparkline() {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("class", "sparkline");
  drawing.setAttribute("aria-hidden", "true");
  for (const name of ["area", "base", "line"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    if (name === "base") path.setAttribute("d", `M0 ${HEIGHT - 0.5} H${WIDTH}`);
    drawing.append(path);
  }
  return drawing;
}

/**
 * The newest point is at the right edge; the highest touches the top.
 * @param {SVGSVGElement} drawing
 * @param {readonly number[]} points
 */
export function drawSparkline(drawing, points) {
  const [area, , line] = drawing.children;
  if (area === undefined || line === undefined) return;
  const path = linePath(points);
  const left = xOf(points, 0).toFixed(1);
  setAttribute(line, "d", path);
  setAttribute(area, "d", path === "" ? "" : `${path} V${HEIGHT} H${left} Z`);
}

/**
 * @param {readonly number[]} points
 * @param {number} index
 */
function xOf(points, index) {
  return WIDTH - (points.length - 1 - index) * (WIDTH / (MAX_POINTS - 1));
}

/** @param {readonly number[]} points */
function linePath(points) {
  if (points.length < 2) return "";
  const top = Math.max(...points, 1);
  const steps = points.map((value, index) => {
    const y = HEIGHT - 1.5 - (value / top) * (HEIGHT - 3);
    return `${xOf(points, index).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${steps.join(" L")}`;
}
