// Requests, denials and errors of revisions over the last minutes: three small charts on one time axis, with one cursor
// over all charts of the page and a mark for every deployment. Drawn when a sample comes, at most once a second, and not
// while somebody points at them.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";

import { useConsole } from "../console-context.ts";
import { MEASURES } from "../recorder.ts";
import type { Measure } from "../recorder.ts";
import type { Store } from "../store.ts";
import { rateText } from "./figures.ts";

export interface ChartLine {
  /** The recorder's key. */
  readonly key: string;
  readonly name: string;
  /** Class of its colour. */
  readonly swatch: string;
}

const SPAN_MS = 300_000;
const HEIGHT_PX = 88;
/** Room for a deployment's number beside its mark. */
const LABEL_PX = 36;
const TITLES: Readonly<Record<Measure, string>> = { decisions: "requests", denied: "✕ denied", errors: "! errors" };

/** Charts that the pointer is over: all of them stand still meanwhile. */
let pointedAt = 0;

export function RateCharts({ lines, label }: { lines: readonly ChartLine[]; label: string }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(host);
  const scheme = useColourScheme();
  const { store } = useConsole();
  const names = lines.map(({ key }) => key).join("\n");
  useEffect(() => {
    if (!isSeen || host.current === null) return undefined;
    return follow(
      store,
      MEASURES.map((measure) => new RateChart(host.current!, store, lines, measure)),
    );
    // The lines are the same as long as their keys are.
  }, [isSeen, scheme, names, store]);
  return (
    <div
      class="charts"
      ref={host}
      role="group"
      aria-label={label}
      onPointerEnter={() => void (pointedAt += 1)}
      onPointerLeave={() => void (pointedAt -= 1)}
    >
      {MEASURES.map((measure) => (
        <figure key={measure} data-measure={measure}>
          <figcaption>
            <span class="quiet">{TITLES[measure]}</span>
            {lines.map((line) => (
              <span key={line.key}>
                <i class={`swatch ${line.swatch}`} aria-hidden="true" /> {line.name}{" "}
                <b class="number" data-value>
                  –
                </b>
              </span>
            ))}
          </figcaption>
          <div class="plot" />
        </figure>
      ))}
    </div>
  );
}

/** Redraws the charts with every new sample until the answer is called. */
function follow(store: Store, charts: readonly RateChart[]): () => void {
  let drawn = store.recorder.count;
  const unsubscribe = store.subscribe(() => {
    if (store.recorder.count === drawn || pointedAt > 0 || document.hidden) return;
    drawn = store.recorder.count;
    for (const chart of charts) chart.draw();
  });
  const resized = new ResizeObserver(() => charts.forEach((chart) => chart.resize()));
  for (const chart of charts) resized.observe(chart.box);
  return () => {
    unsubscribe();
    resized.disconnect();
    for (const chart of charts) chart.destroy();
  };
}

class RateChart {
  readonly box: HTMLElement;
  private readonly store: Store;
  private readonly lines: readonly ChartLine[];
  private readonly measure: Measure;
  private readonly values: readonly HTMLElement[];
  private readonly plot: UPlot;

  constructor(host: HTMLElement, store: Store, lines: readonly ChartLine[], measure: Measure) {
    const figure = host.querySelector<HTMLElement>(`[data-measure="${measure}"]`)!;
    this.box = figure.querySelector<HTMLElement>(".plot")!;
    this.values = [...figure.querySelectorAll<HTMLElement>("[data-value]")];
    this.store = store;
    this.lines = lines;
    this.measure = measure;
    const strokes = [...figure.querySelectorAll(".swatch")].map((swatch) => getComputedStyle(swatch).backgroundColor);
    this.plot = new UPlot(this.options(strokes), this.data(), this.box);
  }

  draw(): void {
    this.plot.setData(this.data());
    this.readOut();
  }

  resize(): void {
    this.plot.setSize({ width: Math.max(120, this.box.clientWidth), height: HEIGHT_PX });
  }

  destroy(): void {
    this.plot.destroy();
  }

  private data(): UPlot.AlignedData {
    const keys = this.lines.map(({ key }) => key);
    const { times, columns } = this.store.recorder.table(this.measure, keys, SPAN_MS);
    return [[...times], ...columns.map((column) => [...column])];
  }

  private options(strokes: readonly string[]): UPlot.Options {
    const style = getComputedStyle(this.box);
    const grid = { stroke: style.borderTopColor, width: 1 };
    const axis = { stroke: style.color, font: "11px system-ui", grid, ticks: { show: false } };
    return {
      width: Math.max(120, this.box.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { sync: { key: "sluice" }, drag: { x: false, y: false }, points: { size: 5 } },
      scales: { x: { range: () => lastMinutes() }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [
        { ...axis, size: 20, space: 72, values: (_plot, splits) => splits.map(clockText) },
        { ...axis, size: 44, space: 24, grid },
      ],
      series: [
        {},
        ...strokes.map((stroke, i) => ({ stroke, width: 1.5, ...(i === 0 ? {} : { dash: DASHES[i % 3]! }) })),
      ],
      hooks: { setCursor: [() => this.readOut()], drawAxes: [(plot) => this.mark(plot, style.color)] },
    };
  }

  /** The values at the cursor, else the newest. */
  private readOut(): void {
    if (this.plot === undefined) return;
    const at = this.plot.cursor.idx ?? this.plot.data[0].length - 1;
    this.values.forEach((element, i) => {
      element.textContent = rateText(this.plot.data[i + 1]?.[at] ?? null);
    });
  }

  /** A line and a number where a deployment was made. */
  private mark(plot: UPlot, colour: string): void {
    const [from, to] = lastMinutes();
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.setLineDash([4, 4]);
    let labelled = Infinity;
    for (const { number, when } of Object.values(this.store.state.history).flatMap(({ entries }) =>
      entries.slice(0, 50),
    )) {
      const seconds = Date.parse(when) / 1000;
      if (seconds < from || seconds > to) continue;
      const x = plot.valToPos(seconds, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const isLeft = x > bbox.left + bbox.width - LABEL_PX * devicePixelRatio;
      // Newest first: of marks that stand close the newest is named.
      if (labelled - x < LABEL_PX * devicePixelRatio) continue;
      labelled = x;
      ctx.textAlign = isLeft ? "right" : "left";
      ctx.fillText(`#${number}`, x + (isLeft ? -3 : 3) * devicePixelRatio, bbox.top + 9 * devicePixelRatio);
    }
    ctx.restore();
  }
}

const DASHES: readonly number[][] = [
  [2, 2],
  [6, 3],
  [8, 3, 2, 3],
];

function lastMinutes(): [number, number] {
  const now = Date.now() / 1000;
  return [now - SPAN_MS / 1000, now];
}

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** True once the element has come near the window: charts that nobody sees cost nothing. */
function useSeen(host: { readonly current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)!.isIntersecting), {
      rootMargin: "200px",
    });
    if (host.current !== null) observer.observe(host.current);
    return () => observer.disconnect();
  }, [host]);
  return isSeen;
}

/** Changes with the colour scheme, for a canvas does not follow the style sheet by itself. */
function useColourScheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const media = matchMedia(DARK);
    const followScheme = (): void => setDark(media.matches);
    media.addEventListener("change", followScheme);
    return () => media.removeEventListener("change", followScheme);
  }, []);
  return isDark;
}

const DARK = "(prefers-color-scheme: dark)";
