// Draws the curves of the report. The numbers come from the JSON block of the page; text is only ever set as text.
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dashes = [undefined, undefined, [7, 3], [2, 3], [9, 3, 2, 3], [4, 4]];

  // As many digits as tell values apart, and no more.
  const number = v => {
    if (v === 0) return "0";
    const size = Math.abs(v);
    if (size >= 1e6 || size < 1e-3) return v.toExponential(1).replace("e+", "e").replace(".0e", "e");
    return String(Number(v.toPrecision(size >= 1000 ? 4 : 3)));
  };
  const formats = {
    percent: v => Number((100 * v).toFixed(1)) + "%",
    number,
    scientific: number,
  };

  // Long runs are noisy: the raw values stay visible, faint, under a centred running mean.
  const windowOf = n => n > 120 ? 2 * Math.floor(n / 80) + 1 : 1;
  const smooth = (values, width) => values.map((v, i) => {
    if (v == null) return null;
    let sum = 0, count = 0;
    for (let j = Math.max(0, i - (width >> 1)); j <= Math.min(values.length - 1, i + (width >> 1)); j++)
      if (values[j] != null) { sum += values[j]; count++; }
    return sum / count;
  });

  const build = (chart, element) => {
    const width = windowOf(chart.steps.length);
    const data = [chart.steps];
    // Away from the chart the legend shows the last values.
    const last = values => { const known = values.filter(v => v != null); return known[known.length - 1]; };
    const exact = v => v == null ? "–" : chart.format === "percent" ? (100 * v).toFixed(1) + "%" : number(v);
    const read = values => (_, v, __, at) => exact(at == null ? last(values) : v);
    const series = [{ label: "step", value: (_, v, __, at) => String(at == null ? last(chart.steps) : v) }];
    chart.series.forEach((s, i) => {
      const stroke = colour("--c" + (i % 6 + 1));
      if (!s.points && width > 1) {
        data.push(s.values);
        series.push({ label: s.label + " (raw)", stroke: stroke + "40", width: 1, points: { show: false }, class: "raw" });
      }
      const values = s.points ? s.values : smooth(s.values, width);
      data.push(values);
      series.push({
        label: s.label, stroke, width: 2, spanGaps: s.points, dash: dashes[i % 6], value: read(values),
        points: { show: s.points || chart.steps.length === 1, size: 7, fill: colour("--card"), width: 2, stroke },
      });
    });

    const values = chart.series.flatMap(s => s.values).filter(v => v != null);
    const low = Math.min(0, ...values), high = Math.max(...values);
    const axis = {
      stroke: colour("--soft"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif",
    };
    const plot = new uPlot({
      width: element.clientWidth, height: chart.id === "accuracy" ? 320 : 220, padding: [10, 24, 0, 0],
      series,
      scales: {
        x: { time: false, range: (_, min, max) => min === max ? [min - 1, max + 1] : [min, max] },
        y: { range: chart.format === "percent" ? [low, 1.02] : [low, high > low ? high + 0.06 * (high - low) : low + 1] },
      },
      axes: [
        { ...axis, size: 26, gap: 4, label: "training step", labelSize: 18, labelGap: 2, space: 60, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000] },
        { ...axis, size: 58, space: 36, values: (_, ticks) => ticks.map(formats[chart.format]) },
      ],
      legend: { live: true, markers: { width: 0, fill: (u, i) => i ? u.series[i].stroke() : null } },
      cursor: { sync: { key: "steps", setSeries: false }, points: { size: 7 }, y: false },
    }, data, element);
    if (width > 1) plot.root.querySelectorAll(".u-legend .raw").forEach(row => { row.style.display = "none"; });
    return plot;
  };

  let plots = [];
  const draw = () => {
    plots.forEach(([plot]) => plot.destroy());
    plots = charts.map(chart => {
      const element = document.getElementById("plot-" + chart.id);
      return [build(chart, element), element];
    });
  };
  draw();
  dark.addEventListener("change", draw);
  let pending = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => plots.forEach(([plot, element]) => plot.setSize({ width: element.clientWidth, height: plot.height })));
  });
})();
