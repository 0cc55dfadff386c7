/**
 * What runs in the reader's browser: the pointer over a chart shows the nearest step and its values. The page is
 * complete without it.
 *
 * Written as a function so that it is type-checked and formatted like all else; its text goes into the page.
 */
export const SCRIPT = `(${followPointer})();`;

declare const document: {
  querySelectorAll(selector: string): Iterable<PlotElement>;
  createElement(tag: string): PageElement;
};
interface PageElement {
  innerHTML: string;
  textContent: string;
  className: string;
  hidden: boolean;
  offsetWidth: number;
  style: Record<string, string>;
  append(...children: (PageElement | string)[]): void;
  replaceChildren(...children: PageElement[]): void;
  getBoundingClientRect(): { left: number; width: number };
}
interface PlotElement extends PageElement {
  querySelector(selector: string): PageElement;
  addEventListener(type: string, listener: (event: { clientX: number }) => void): void;
}

/** Everything it uses stands inside: only its own text reaches the page. */
function followPointer(): void {
  const [width, left, right, top, bottom] = [520, 48, 14, 10, 204];
  for (const plot of document.querySelectorAll('.plot')) {
    const data = JSON.parse(plot.querySelector('script').textContent) as {
      x: [number, number];
      y: [number, number];
      series: { label: string; color: number; points: [number, number][] }[];
    };
    const svg = plot.querySelector('svg');
    const pointer = plot.querySelector('.pointer');
    const tip = plot.querySelector('.tip');
    const xOf = (step: number) =>
      left +
      (width - left - right) * (data.x[1] === data.x[0] ? 0.5 : (step - data.x[0]) / (data.x[1] - data.x[0]));
    const yOf = (value: number) => bottom - ((bottom - top) * (value - data.y[0])) / (data.y[1] - data.y[0]);
    plot.addEventListener('pointerleave', () => {
      tip.hidden = true;
      pointer.innerHTML = '';
    });
    plot.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * width;
      const nearest = data.series.map(({ label, color, points }) => {
        const point = points.reduce((a, b) => (Math.abs(xOf(b[0]) - x) < Math.abs(xOf(a[0]) - x) ? b : a));
        return { label, point, color };
      });
      const step = nearest.reduce((a, b) =>
        Math.abs(xOf(b.point[0]) - x) < Math.abs(xOf(a.point[0]) - x) ? b : a,
      ).point[0];
      pointer.innerHTML =
        `<line x1="${xOf(step)}" x2="${xOf(step)}" y1="${top}" y2="${bottom}"/>` +
        nearest
          .map(
            ({ point, color }) =>
              `<circle class="dot s${color}" cx="${xOf(point[0])}" cy="${yOf(point[1])}" r="4"/>`,
          )
          .join('');
      tip.replaceChildren(
        ...[`step ${step}`, ...nearest].map((entry) => {
          const row = document.createElement('div');
          if (typeof entry === 'string') {
            row.append(entry);
            return row;
          }
          const swatch = document.createElement('i');
          swatch.className = `swatch s${entry.color}`;
          const value = document.createElement('b');
          value.append(String(Number(entry.point[1].toPrecision(4))));
          row.append(swatch, data.series.length > 1 ? entry.label : '', value);
          return row;
        }),
      );
      tip.hidden = false;
      const at = (xOf(step) / width) * box.width;
      tip.style.left = `${at > box.width / 2 ? at - tip.offsetWidth - 12 : at + 12}px`;
    });
  }
}
