// Stacked steps over time on a uPlot canvas: uPlot gives axes, pointer and selection, the bands are drawn here.
// A bucket is a flat step from its start to its end; what still fills is pale and dashed; gaps stay empty.
import uPlot from 'uplot';
import { stacked, totalOf, type Buckets } from '../reading/buckets';
import { clockTime, shortDay } from '../reading/time';
import { axisNumber } from '../reading/number';
import { colourOf } from '../state/theme.svelte';

/** What the plot draws. */
export interface StackModel {
  buckets: Buckets;
  /** Colour token by series. */
  colours: string[];
  /** Draw this one strongly and the others faintly. */
  emphasised: number | null;
  timezone: string;
}

/** What the plot tells its component. */
export interface StackListener {
  /** The bucket under the pointer, or null. */
  pointed(bucket: number | null): void;
  /** The pointer dragged over these moments. */
  selected(from: number, to: number): void;
  /** Everything has its place now; labels may be set. */
  placed(): void;
}

const DAY_MS = 86_400_000;
// A label is about 36 pixels wide, a plot about 600.
const LABEL_MARGIN = 0.035;
const FAINT = 0.22;
const UNFINISHED = 0.35;

/** A plot in an element; give it models, ask it for places. */
export class StackPlot {
  readonly #plot: uPlot;
  readonly #element: HTMLElement;
  #model: StackModel;
  #palette: string[] = [];

  constructor(element: HTMLElement, model: StackModel, listener: StackListener) {
    this.#element = element;
    this.#model = model;
    this.#plot = new uPlot(this.#options(listener), this.#data(), element);
    this.repaint();
  }

  /** Draws another model. */
  show(model: StackModel): void {
    const recoloured = model.colours.join() !== this.#model.colours.join();
    this.#model = model;
    if (recoloured) this.#readPalette();
    this.#plot.setData(this.#data(), true);
  }

  /** Reads the colours again, after a change of theme. */
  repaint(): void {
    this.#readPalette();
    this.#plot.redraw(false, true);
  }

  /** Fits the element's size. */
  resize(width: number, height: number): void {
    this.#plot.setSize({ width, height });
  }

  /** Pixels from the left edge of the element, or null outside of the axis. */
  leftOf(time: number): number | null {
    const { min, max } = this.#plot.scales['x'] ?? {};
    if (min == null || max == null || time < min || time > max) return null;
    return this.#plot.bbox.left / devicePixelRatio + this.#plot.valToPos(time, 'x');
  }

  /** Pixels from the top edge of the element. */
  topOf(value: number): number {
    return this.#plot.bbox.top / devicePixelRatio + this.#plot.valToPos(value, 'y');
  }

  /** The plotting area below the element's top edge, in pixels. */
  get area(): { top: number; height: number } {
    const { top, height } = this.#plot.bbox;
    return { top: top / devicePixelRatio, height: height / devicePixelRatio };
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #options(listener: StackListener): uPlot.Options {
    const ink = () => this.#palette.at(-2) ?? 'gray';
    const line = () => this.#palette.at(-1) ?? 'gray';
    const font = `12px ${getComputedStyle(this.#element).fontFamily}`;
    const axis = { stroke: ink, font, ticks: { stroke: line, width: 1, size: 4 }, gap: 5 };
    return {
      width: this.#element.clientWidth || 600,
      height: this.#element.clientHeight || 240,
      ms: 1,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
      scales: {
        x: { time: true, range: () => this.#span() },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.06 : 1] },
      },
      axes: [
        { ...axis, space: 72, grid: { show: false }, values: (_plot, times) => this.#timeLabels(times), size: 28 },
        {
          ...axis, space: 42, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 44,
          values: (_plot, values) => values.map((value) => (Number.isInteger(value) ? axisNumber(value) : '')),
        },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      tzDate: (time) => uPlot.tzDate(new Date(time), this.#model.timezone),
      hooks: {
        draw: [(plot) => this.#drawBands(plot), () => listener.placed()],
        setCursor: [(plot) => listener.pointed(this.#pointed(plot))],
        setSelect: [(plot) => this.#select(plot, listener)],
      },
    };
  }

  #span(): [number, number] {
    const { starts, end } = this.#model.buckets;
    return [starts[0] ?? end - 1, end];
  }

  #data(): uPlot.AlignedData {
    const { buckets } = this.#model;
    return [buckets.starts, buckets.starts.map((_, bucket) => totalOf(buckets, bucket))];
  }

  #readPalette(): void {
    this.#palette = [...this.#model.colours, '--ink-3', '--line'].map((token) => colourOf(token, this.#element));
  }

  #timeLabels(times: number[]): string[] {
    const [from, to] = this.#span();
    const { timezone } = this.#model;
    const step = (times[1] ?? 0) - (times[0] ?? 0);
    const precision = step > 0 && step < 60_000 ? 'second' : 'minute';
    return times.map((time) => {
      if (to - time < (to - from) * LABEL_MARGIN) return ''; // it would be cut off
      return to - from > 2 * DAY_MS ? shortDay(time, timezone) : clockTime(time, timezone, precision);
    });
  }

  // The pointer's nearest point may be the next bucket's start, so the moment decides.
  #pointed(plot: uPlot): number | null {
    const left = plot.cursor.left ?? -1;
    if (left < 0) return null;
    const time = plot.posToVal(left, 'x');
    const { starts, end } = this.#model.buckets;
    if (time >= end) return null;
    const next = starts.findIndex((start) => start > time);
    return next < 0 ? starts.length - 1 : Math.max(0, next - 1);
  }

  #select(plot: uPlot, listener: StackListener): void {
    if (plot.select.width <= 0) return;
    const from = plot.posToVal(plot.select.left, 'x');
    const to = plot.posToVal(plot.select.left + plot.select.width, 'x');
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    listener.selected(from, to);
  }

  #drawBands(plot: uPlot): void {
    const { buckets, emphasised } = this.#model;
    const tops = stacked(buckets);
    const context = plot.ctx;
    context.save();
    context.beginPath();
    context.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    context.clip();
    tops.forEach((top, series) => {
      const bottom = series === 0 ? null : (tops[series - 1] ?? null);
      const strength = emphasised === null || emphasised === series ? 1 : FAINT;
      context.fillStyle = this.#palette[series] ?? 'gray';
      for (const [from, to] of runs(top, buckets.unfinished)) {
        context.globalAlpha = strength * (from === buckets.unfinished ? UNFINISHED : 1);
        context.fill(this.#band(plot, top, bottom, from, to));
      }
    });
    this.#drawUnfinished(plot, tops.at(-1) ?? []);
    context.restore();
  }

  #band(plot: uPlot, top: (number | null)[], bottom: (number | null)[] | null, from: number, to: number): Path2D {
    const { starts, end } = this.#model.buckets;
    const path = new Path2D();
    const x = (bucket: number) => plot.valToPos(starts[bucket] ?? end, 'x', true);
    const y = (value: number) => plot.valToPos(value, 'y', true);
    path.moveTo(x(from), y(bottom?.[from] ?? 0));
    for (let bucket = from; bucket < to; bucket += 1) {
      path.lineTo(x(bucket), y(top[bucket] ?? 0));
      path.lineTo(x(bucket + 1), y(top[bucket] ?? 0));
    }
    for (let bucket = to - 1; bucket >= from; bucket -= 1) {
      path.lineTo(x(bucket + 1), y(bottom?.[bucket] ?? 0));
      path.lineTo(x(bucket), y(bottom?.[bucket] ?? 0));
    }
    path.closePath();
    return path;
  }

  // One second is a pixel wide: there the dashed outline becomes the line of "now".
  #drawUnfinished(plot: uPlot, tops: (number | null)[]): void {
    const { buckets } = this.#model;
    const start = buckets.starts[buckets.unfinished];
    if (start === undefined) return;
    const ratio = devicePixelRatio;
    const { ctx, bbox } = plot;
    const left = Math.round(plot.valToPos(start, 'x', true)) + 0.5;
    const right = Math.round(plot.valToPos(buckets.starts[buckets.unfinished + 1] ?? buckets.end, 'x', true)) - 0.5;
    const height = tops[buckets.unfinished];
    const wide = right - left >= 6 * ratio;
    const ceiling = wide && height != null ? plot.valToPos(height, 'y', true) : bbox.top;
    ctx.globalAlpha = 1;
    ctx.strokeStyle = this.#palette.at(-2) ?? 'gray';
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top + bbox.height);
    ctx.lineTo(left, ceiling);
    if (wide) {
      ctx.lineTo(right, ceiling);
      ctx.lineTo(right, bbox.top + bbox.height);
    }
    ctx.stroke();
    plot.ctx.setLineDash([]);
  }
}

/** Stretches without gaps, as [from, to); the unfinished bucket is a stretch of its own. */
export function runs(values: readonly (number | null)[], unfinished: number): [number, number][] {
  const found: [number, number][] = [];
  let from = -1;
  const close = (to: number) => {
    if (from >= 0) found.push([from, to]);
    from = -1;
  };
  values.forEach((value, bucket) => {
    if (value === null) return close(bucket);
    if (bucket === unfinished || bucket === unfinished + 1) close(bucket);
    if (from < 0) from = bucket;
  });
  close(values.length);
  return found;
}
