"use strict";
// Draws the content of a run. All words of the run are set as text or escaped, never as markup.

const run = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const titles = { loss: "loss", norm: "norm", smallest: "smallest eigenvalue" };
const symbols = {
  ">": "triangle-right", o: "circle", s: "square", "^": "triangle-up", D: "diamond", P: "cross",
  v: "triangle-down", "<": "triangle-left", h: "hexagon", p: "pentagon", "*": "star", X: "x",
  d: "diamond-tall",
};
const quiet = { displaylogo: false, responsive: true };
const bare = { ...quiet, displayModeBar: false };
let chosen = run.branches[0];

const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const number = (value) => (value === null ? "–" : String(Number(value.toPrecision(12))));
const open = (look) => symbols[look[0]] + "-open";

function layout(more) {
  const base = {
    font: { family: "system-ui, sans-serif", size: 13 }, margin: { l: 70, r: 16, t: 16, b: 46 },
    hovermode: "closest", plot_bgcolor: "white", legend: { font: { size: 12 } },
  };
  return { ...base, ...more };
}

const axis = (title, more) => ({
  title: { text: escaped(title) }, zeroline: false, showline: true, linecolor: "#888", ticks: "outside",
  gridcolor: "#eee", ...more,
});

const abscissa = () => axis(run.parameter, run.by_ratios ? { type: "log" } : {});

// ---- tables

function table(id, head, rows, branches) {
  const place = byId(id);
  place.replaceChildren();
  const line = (cells, tag) => {
    const tr = document.createElement("tr");
    for (const cell of cells) {
      const one = document.createElement(tag);
      one.textContent = cell;
      tr.append(one);
    }
    return tr;
  };
  place.createTHead().append(line(head, "th"));
  const body = place.createTBody();
  rows.forEach((cells, i) => {
    const tr = line(cells, "td");
    if (branches) {
      tr.dataset.branch = branches[i];
      tr.addEventListener("click", () => choose(branches[i]));
    }
    body.append(tr);
  });
}

const whole = (first) => (first === null ? "" : `${run.parameter} = ${first}`);

function transitions() {
  const rows = run.transitions.map((one) => [
    number(one.x), one.branch, one.isotropy, one.name, one.kind, one.change, whole(one.first), one.proof,
    one.meets.join(", "),
  ]);
  const head = [run.parameter, "branch", "isotropy", "irrep", "kind", "change", "first minimum", "proof", "meets"];
  if (rows.length) table("transitions", head, rows, run.transitions.map((one) => one.branch));
  else byId("transitions").replaceWith("No branch changes between saddle and minimum.");
}

function branches() {
  const rows = run.branches.map((b) => [
    b.name, b.isotropy, b.born || "started here", b.end, String(b.events.filter((e) => !e.formal).length),
  ]);
  table("branches", ["branch", "isotropy", "born", "end", "events"], rows, run.branches.map((b) => b.name));
}

function events() {
  const rows = chosen.events.map((e) => [
    number(e.x), e.name, e.kind + (e.formal ? ", formal" : ""), e.index, e.transition,
    String(e.multiplicity), whole(e.first),
  ]);
  const head = [run.parameter, "irrep", "kind", "Morse index", "change", "multiplicity", "minimum from"];
  if (rows.length) table("events", head, rows);
  else byId("events").replaceChildren();
}

// ---- the diagram

function curves(height) {
  const seen = new Set();
  const traces = [];
  for (const b of run.branches) {
    for (const piece of b.pieces) {
      const y = piece.y[height];
      if (!y) continue;
      const what = `${b.name}: ${b.isotropy}<br>index ${piece.index}${piece.stable ? ", minimum" : ""}`;
      traces.push({
        x: piece.x, y, mode: "lines", type: "scatter", customdata: piece.x.map(() => b.name),
        name: escaped(b.isotropy || b.name), legendgroup: b.isotropy, showlegend: !seen.has(b.isotropy),
        line: {
          color: b.colour, width: (piece.stable ? 3 : 1.4) + (b === chosen ? 1.5 : 0),
          dash: piece.stable ? "solid" : "dash",
        },
        hovertemplate: `${escaped(run.parameter)} = %{x}<br>${escaped(titles[height] || height)} = %{y}<br>` +
          `${what.split("<br>").map(escaped).join("<br>")}<extra></extra>`,
      });
      seen.add(b.isotropy);
    }
  }
  return traces;
}

function marks(height) {
  const groups = new Map();
  for (const b of run.branches)
    for (const e of b.events) {
      if (e.y[height] === undefined) continue;
      if (!groups.has(e.symbol)) groups.set(e.symbol, []);
      groups.get(e.symbol).push([b, e]);
    }
  return [...groups].map(([symbol, found]) => {
    const look = run.looks[symbol];
    return {
      x: found.map(([, e]) => e.x), y: found.map(([, e]) => e.y[height]), mode: "markers", type: "scatter",
      customdata: found.map(([b]) => b.name), name: escaped(look[2]),
      text: found.map(([b, e]) =>
        [`${b.name}: ${b.isotropy}`, `${e.name}, ${e.kind}${e.formal ? ", formal" : ""}`, e.transition,
          `index ${e.index}`, `multiplicity ${e.multiplicity}`].map(escaped).join("<br>")),
      hovertemplate: `${escaped(run.parameter)} = %{x:.10~g}<br>${escaped(titles[height] || height)} = %{y}` +
        "<br>%{text}<extra></extra>",
      marker: {
        symbol: found.map(([, e]) => (e.decides ? symbols[look[0]] : open(look))), size: 9,
        color: found.map(([, e]) => (e.formal ? "#8C8C8C" : "#000")), line: { width: 1.4 },
      },
    };
  });
}

function diagram() {
  const height = byId("height").value;
  Plotly.react("diagram", [...curves(height), ...marks(height)], layout({
    xaxis: abscissa(), yaxis: axis(titles[height] || height, range(height)),
  }), quiet);
  const without = run.branches.filter((b) => !b.pieces.some((p) => p.y[height])).map((b) => b.name);
  byId("missing").textContent = without.length ? `Not drawn, without ${height}: ${without.join(", ")}` : "";
}

// what runs off on a small part of the curves must not flatten the rest; a double click shows all
function range(height) {
  const y = run.branches.flatMap((b) => b.pieces.flatMap((p) => p.y[height] || [])).filter((v) => v !== null);
  const must = run.branches.flatMap((b) => b.events.map((e) => e.y[height])).filter((v) => Number.isFinite(v));
  return { range: window_of(y, must) };
}

function window_of(y, must) {
  const sorted = [...y].sort((a, b) => a - b);
  if (!sorted.length) return undefined;
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  let [low, high] = [Math.min(at(0.01), ...must), Math.max(at(0.99), ...must)];
  const all = [sorted[0], sorted[sorted.length - 1]];
  if (all[1] - all[0] <= 3 * (high - low)) [low, high] = all;
  const room = 0.05 * (high - low || 1);
  return [low - room, high + room];
}

// ---- the chosen branch

function spectrum() {
  const traces = [];
  const scale = scaleOf(chosen.spectrum.flatMap((one) => one.y.flat()).filter((v) => v !== null));
  for (const one of chosen.spectrum)
    one.y.forEach((y, i) => traces.push({
      x: one.x, y: y.map(scale.of), customdata: y, mode: "lines", type: "scatter", name: escaped(one.label), legendgroup: one.label,
      showlegend: i === 0, line: { color: lookOf(one.irrep)[1], width: 1.5 }, connectgaps: false,
      hovertemplate: `${escaped(one.label)}<br>%{customdata:.6~g} at %{x:.6~g}<extra></extra>`,
    }));
  const real = chosen.events.filter((e) => !e.formal);
  traces.push({
    x: real.map((e) => e.x), y: real.map(() => 0), mode: "markers", type: "scatter", showlegend: false,
    text: real.map((e) => escaped(`${e.name}, ${e.kind}`)), hovertemplate: "%{text}<br>%{x:.10~g}<extra></extra>",
    marker: { symbol: real.map((e) => symbols[run.looks[e.symbol][0]]), size: 8, color: "#000" },
  });
  Plotly.react("spectrum", traces, layout({
    xaxis: abscissa(), legend: { orientation: "h", y: -0.18, font: { size: 11 } },
    yaxis: axis("eigenvalues of the Hessian", { ...scale.axis, zeroline: true, zerolinecolor: "#777" }),
  }), bare);
}

// Values that differ by orders go by their inverse hyperbolic sine: straight near zero, logarithmic
// on both sides.
function scaleOf(values) {
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  const [middle, largest] = [sizes[sizes.length >> 1], sizes[sizes.length - 1]];
  if (!(largest > 8 * middle && middle > 0)) return { of: (v) => v, axis: { range: window_of(values, [0]) } };
  const unit = 10 ** Math.floor(Math.log10(middle));
  const of = (v) => (v === null ? null : Math.asinh(v / unit));
  const powers = [0];
  for (let size = unit; size <= 10 * largest; size *= 10) powers.push(size, -size);
  const texts = powers.map((v) => String(Number(v.toPrecision(3))).replace("-", "−"));
  return { of, axis: { tickvals: powers.map(of), ticktext: texts, range: window_of(values.map(of), [0]) } };
}

const irreps = { t: "#000000", s: "#0072B2", x: "#D55E00", y: "#009E73", sxs: "#CC79A7", k: "#E69F00" };
const lookOf = (irrep) => run.looks[irrep] || ["o", irreps[irrep] || "#56B4E9", irrep];

function state() {
  const one = chosen.states[byId("where").value];
  byId("place").textContent = one ? one.label : "";
  byId("where").hidden = chosen.states.length < 2;
  if (!one) {
    Plotly.react("state", [], layout({ annotations: [{
      text: "no whole size on this branch at which W is small enough to be seen", showarrow: false, x: 0.5, y: 0.5,
      xref: "paper", yref: "paper" }], xaxis: { visible: false }, yaxis: { visible: false } }), bare);
  } else if (one.layout === undefined) bars(one.values);
  else heat(run.layouts[one.layout].map((row) => row.map((i) => (i ? one.values[i - 1] : 0))));
}

function heat(W) {
  const limit = Math.max(...W.flat().map(Math.abs));
  const colours = [[0, "#2d004b"], [0.25, "#998ec3"], [0.5, "#f7f7f7"], [0.75, "#f1a340"], [1, "#7f3b08"]];
  Plotly.react("state", [{
    z: W, type: "heatmap", colorscale: colours, zmin: -limit, zmax: limit, xgap: 1, ygap: 1,
    hovertemplate: "neuron %{y}, input %{x}: %{z:.7~g}<extra></extra>", x0: 1, y0: 1, colorbar: { thickness: 12 },
  }], layout({
    margin: { l: 40, r: 10, t: 10, b: 40 },
    yaxis: { autorange: "reversed", scaleanchor: "x", constrain: "domain", title: { text: "neuron" } },
    xaxis: { constrain: "domain", title: { text: "input" } },
  }), bare);
}

function bars(values) {
  const limit = Math.max(...chosen.states.flatMap((one) => one.values.map(Math.abs))) || 1;
  Plotly.react("state", [{
    y: values, x0: 0, type: "bar", marker: { color: chosen.colour },
    hovertemplate: "x%{x} = %{y:.7~g}<extra></extra>",
  }], layout({ xaxis: axis("coordinate", { showgrid: false }), yaxis: axis("x", { range: [-1.05 * limit, 1.05 * limit], zeroline: true }) }), bare);
}

// ---- the graph

function graph() {
  const lams = run.graph.nodes.map((n) => n.x);
  const [into, out] = run.by_ratios ? [Math.log, Math.exp] : [(x) => x, (x) => x];
  const bend = 0.05 * (into(Math.max(...lams)) - into(Math.min(...lams)) || 1);
  const traces = run.graph.edges.map((edge) => {
    const [[left, p], [right, q]] = edge.ends;
    const [a, b] = [into(left), into(right)];
    const way = Math.sign(b - a) || 1;
    const by = Math.min(bend, Math.abs(b - a) / 2) * way;
    return {
      x: [a, a + by, (a + b) / 2, b - by, b].map(out), y: [p, edge.lane, edge.lane, edge.lane, q], mode: "lines", type: "scatter",
      customdata: Array(5).fill(edge.branch), showlegend: false,
      line: { color: edge.colour, width: edge.stable ? 3 : 1.4, dash: edge.stable ? "solid" : "dash" },
      hovertemplate: `${escaped(edge.branch)}<br>index ${escaped(edge.index)}<extra></extra>`,
    };
  });
  traces.push({
    x: lams, y: run.graph.nodes.map((n) => n.y), mode: "markers", type: "scatter", showlegend: false,
    text: run.graph.nodes.map((n) => [n.what, n.why].filter(Boolean).map(escaped).join("<br>")),
    hovertemplate: `${escaped(run.parameter)} = %{x:.10~g}<br>%{text}<extra></extra>`,
    marker: { size: 8, symbol: run.graph.nodes.map((n) => (n.event ? "circle" : "line-ns-open")), color: "#333" },
  });
  const lanes = run.graph.edges.map((edge) => edge.lane);
  byId("graph").style.height = `${Math.max(260, 24 * (Math.max(...lanes) - Math.min(...lanes)) + 80)}px`;
  Plotly.react("graph", traces, layout({ xaxis: abscissa(), yaxis: { visible: false } }), bare);
}

// ---- choosing

function choose(name) {
  const found = run.branches.find((b) => b.name === name);
  if (!found) return;
  chosen = found;
  byId("branch").value = name;
  byId("name").textContent = `Branch ${name}: ${found.isotropy}`;
  byId("about").textContent = [found.born ? `Born ${found.born}` : "Started here", found.end, found.note]
    .filter(Boolean).map((text) => text.replace(/\.?$/, ".")).join(" ");
  byId("where").max = Math.max(0, found.states.length - 1);
  byId("where").value = Math.floor(found.states.length / 2);
  document.querySelectorAll("tr[data-branch]").forEach((tr) =>
    tr.classList.toggle("chosen", tr.dataset.branch === name));
  diagram();
  state();
  spectrum();
  events();
}

function options(id, names, words) {
  for (const name of names) byId(id).append(new Option(words(name), name));
}

// a few lines are read at once, many are folded behind their number
function say(lines, what) {
  if (!lines.length) return;
  const place = document.createElement(lines.length > 5 ? "details" : "div");
  if (lines.length > 5) {
    const head = document.createElement("summary");
    head.textContent = `${what}: ${lines.length}`;
    place.append(head);
  }
  for (const line of lines) {
    const p = document.createElement("p");
    p.textContent = `${what}: ${line}`;
    place.append(p);
  }
  byId("notes").append(place);
}

byId("headline").textContent = run.headline;
say(run.early, "ended early");
say(run.cut, "not followed");
options("height", [...run.heights, ...run.coordinates], (name) => titles[name] || name);
options("branch", run.branches.map((b) => b.name), (name) => name);
byId("height").addEventListener("change", diagram);
byId("branch").addEventListener("change", (e) => choose(e.target.value));
byId("where").addEventListener("input", state);
transitions();
branches();
graph();
choose(chosen.name);
for (const id of ["diagram", "graph"])
  byId(id).on("plotly_click", ({ points }) => points[0].customdata && choose(points[0].customdata));
