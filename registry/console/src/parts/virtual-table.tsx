// A table that draws only the rows in sight, so that ten thousand entries scroll like ten. New rows at the top wait while
// somebody points at the list or has scrolled into it: nothing moves under the pointer.

import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";

export interface Column<T> {
  readonly title: string;
  /** `number` aligns figures. */
  readonly kind?: "number";
  /** As CSS says it; the columns without one share what is left. */
  readonly width?: string;
  readonly cell: (item: T) => ComponentChildren;
}

export interface VirtualTableProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (item: T) => string;
  /** What stands there while there is nothing. */
  readonly empty: string;
  /** New items come first and wait while the list is looked at. */
  readonly newestFirst?: boolean;
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void;
}

const ROW_PX = 36;
const OVERSCAN_ROWS = 8;

export function VirtualTable<T>(props: VirtualTableProps<T>): JSX.Element {
  const { label, items, columns, keyOf, empty, newestFirst = false, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [held, setHeld] = useState<readonly T[] | null>(null);
  const { shown, waiting } = newestFirst ? behindHeld(items, held, keyOf) : { shown: items, waiting: "" };
  const [first, last] = windowOf(top, shown.length);
  const hold = (): void => {
    if (shown.length > 0) setHeld((before) => before ?? shown);
  };
  const release = (): void => {
    if ((box.current?.scrollTop ?? 0) === 0) setHeld(null);
  };
  const follow = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    if (scrollTop > 0) hold();
    setTop(Math.floor(scrollTop / ROW_PX));
    if (scrollTop + clientHeight > scrollHeight - OVERSCAN_ROWS * ROW_PX) onEnd?.();
  };
  const showNew = (): void => {
    box.current!.scrollTop = 0;
    setHeld(null);
  };
  return (
    <div class="virtual" onPointerEnter={hold} onPointerLeave={release}>
      {waiting !== "" && (
        <button type="button" class="waiting" onClick={showNew}>
          {waiting} new
        </button>
      )}
      {/* Scrolled by keys too: a list without links in its rows could not be reached otherwise. */}
      <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={label} onScroll={follow}>
        <table aria-rowcount={shown.length + 1}>
          <colgroup>
            {columns.map(({ title, width }) => (
              <col key={title} style={width === undefined ? {} : { width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {columns.map(({ title, kind }) => (
                <th key={title} class={kind} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.length === 0 && (
              <tr>
                <td class="quiet" colSpan={columns.length}>
                  {empty}
                </td>
              </tr>
            )}
            <Spacer rows={first} />
            {shown.slice(first, last).map((item, i) => (
              <tr key={keyOf(item)} aria-rowindex={first + i + 2}>
                {columns.map(({ title, kind, cell }) => (
                  <td key={title} class={kind}>
                    {cell(item)}
                  </td>
                ))}
              </tr>
            ))}
            <Spacer rows={shown.length - last} />
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Spacer({ rows }: { rows: number }): JSX.Element | null {
  return rows === 0 ? null : <tr class="spacer" aria-hidden="true" style={{ height: `${rows * ROW_PX}px` }} />;
}

function windowOf(top: number, count: number): [number, number] {
  const rows = Math.ceil(window.innerHeight / ROW_PX);
  const first = Math.max(0, Math.min(top, count) - OVERSCAN_ROWS);
  return [first, Math.min(count, top + rows + OVERSCAN_ROWS)];
}

/** What was first when the list was taken hold of stays first; what came before it is counted. */
function behindHeld<T>(
  items: readonly T[],
  held: readonly T[] | null,
  keyOf: (item: T) => string,
): { readonly shown: readonly T[]; readonly waiting: string } {
  if (held === null) return { shown: items, waiting: "" };
  const anchor = keyOf(held[0]!);
  const place = items.findIndex((item) => keyOf(item) === anchor);
  // A list that forgets its oldest rows may have lost them all meanwhile.
  if (place === -1) return { shown: held, waiting: `more than ${items.length}` };
  return { shown: place === 0 ? items : items.slice(place), waiting: place === 0 ? "" : String(place) };
}
