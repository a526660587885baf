// Requests as the proxies finish them, with filters, a pause, and one request in full: who said what about it.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { SlotRecord, StreamRecord } from "../api.ts";
import { commandText } from "../command-text.ts";
import { CommandLine } from "../parts/command-line.tsx";
import { countText, microsText, shortDigest } from "../parts/figures.ts";
import { Modal } from "../parts/modal.tsx";
import { Swatch } from "../parts/revision-name.tsx";
import { VERDICTS } from "../parts/verdict-bar.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import type { State } from "../store.ts";
import { EMPTY_TAIL, openTail } from "../tail.ts";
import type { TailLine, TailState, TailWish } from "../tail.ts";

const ALL: TailWish = { denied: false, slot: "", status: "", path: "" };
/** Typing asks for a new tail when it pauses, not with every key. */
const PAUSE_MS = 400;

export function LivePage({ state }: { state: State }): JSX.Element {
  const [wish, setWish] = useState(ALL);
  const [isPaused, setPaused] = useState(false);
  const [opened, setOpened] = useState<StreamRecord | null>(null);
  const tail = useTail(wish, isPaused);
  const columns = columnsOf(opened, setOpened);
  return (
    <>
      <div class="title">
        <h1>Live</h1>
        <TailNote tail={tail} isPaused={isPaused} />
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? "Go on" : "Pause"}
        </button>
      </div>
      <WishFields wish={wish} setWish={setWish} slots={state.deployments.flatMap(({ slots }) => slots)} />
      <CommandLine command={{ text: tailCommand(wish), file: null }} />
      <VirtualTable
        label="requests"
        empty="No request yet that fits."
        items={tail.lines}
        columns={columns}
        keyOf={({ place }) => String(place)}
        newestFirst
      />
      {opened !== null && <RecordCard record={opened} close={() => setOpened(null)} />}
    </>
  );
}

/** The tail of a wish that has stood for a moment; a pause keeps what is shown. */
function useTail(wish: TailWish, isPaused: boolean): TailState {
  const [tail, setTail] = useState(EMPTY_TAIL);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  useEffect(() => {
    let close = (): void => {};
    const timer = window.setTimeout(() => {
      setTail(EMPTY_TAIL);
      close = openTail(wish, (state) => {
        if (!paused.current) setTail(state);
      });
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      close();
    };
  }, [wish]);
  return tail;
}

function TailNote({ tail, isPaused }: { tail: TailState; isPaused: boolean }): JSX.Element {
  const { proxies, dropped, isOpen, isRefused } = tail;
  const left = dropped === 0 ? "" : `; ${countText(dropped)} more were left out, for there are too many`;
  if (isPaused) return <span class="quiet">paused{left}</span>;
  if (isRefused)
    return <span class="error">! the registry refused this: a status is 403 or 4xx, a path begins with /</span>;
  if (!isOpen || proxies === null) return <span class="quiet">asking the proxies…</span>;
  return (
    <span class="quiet number" role="status">
      from {proxies.length === 0 ? "no connected proxy" : proxies.slice(0, 3).join(", ")}
      {proxies.length > 3 && ` and ${proxies.length - 3} more`}
      {left}
    </span>
  );
}

function WishFields({
  wish,
  setWish,
  slots,
}: {
  wish: TailWish;
  setWish: (wish: TailWish) => void;
  slots: readonly { readonly name: string }[];
}): JSX.Element {
  return (
    <div class="fields">
      <label class="field">
        <span>Slot</span>
        <select value={wish.slot} onChange={(event) => setWish({ ...wish, slot: event.currentTarget.value })}>
          <option value="">any</option>
          {slots.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Path begins with</span>
        <input
          type="search"
          data-find
          placeholder="/api/"
          value={wish.path}
          onInput={(event) => setWish({ ...wish, path: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Status</span>
        <input
          type="text"
          placeholder="4xx,503"
          value={wish.status}
          onInput={(event) => setWish({ ...wish, status: event.currentTarget.value })}
        />
      </label>
      <label class="field check">
        <span>only denied</span>
        <input
          type="checkbox"
          checked={wish.denied}
          onChange={(event) => setWish({ ...wish, denied: event.currentTarget.checked })}
        />
      </label>
    </div>
  );
}

function columnsOf(opened: StreamRecord | null, open: (record: StreamRecord) => void): readonly Column<TailLine>[] {
  return [
    {
      title: "Time (UTC)",
      width: "120px",
      cell: ({ record }) => <span class="number">{record.time.slice(11, 23)}</span>,
    },
    { title: "Status", kind: "number", width: "72px", cell: ({ record }) => record.status },
    {
      title: "Request",
      cell: ({ record }) => (
        <button
          type="button"
          class="plain"
          aria-expanded={record === opened}
          title={record.path}
          onClick={() => open(record)}
        >
          {record.method} {record.path}
        </button>
      ),
    },
    { title: "Verdicts", cell: ({ record }) => <Verdicts slots={record.slots} /> },
    { title: "Took", kind: "number", width: "88px", cell: ({ record }) => microsText(record.durationUs) },
    { title: "Proxy", width: "104px", cell: ({ record }) => record.node },
  ];
}

/** Record words of the verdicts, as the counters name them. */
const KEYS: Readonly<Record<string, string>> = { allow: "allow", deny: "deny", error: "error", noOpinion: "noOpinion" };

function Verdicts({ slots }: { slots: readonly SlotRecord[] }): JSX.Element {
  return (
    <>
      {slots.map(({ slot, verdict, reason, error }, i) => (
        <span key={i} class={`figure ${KEYS[verdict] ?? ""}`} title={reason ?? error?.message}>
          {signOf(verdict)} {slot}
          {(verdict === "deny" || verdict === "error") && ` ${reason ?? error?.cause ?? ""}`}
        </span>
      ))}
    </>
  );
}

function RecordCard({ record, close }: { record: StreamRecord; close: () => void }): JSX.Element {
  const { method, authority, path, status, source, route, cluster, upstream, deployment, slots } = record;
  return (
    <Modal title={`${method} ${path}`} close={close}>
      <p class="quiet number">
        {status} · {authority} · from {source} · route {route ?? "none"} · cluster {cluster ?? "none"} · upstream{" "}
        {upstream ?? "not reached"} · deployment #{deployment} · {record.time}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="verdicts">
        <table>
          <thead>
            <tr>
              {["Slot", "Verdict", "Code", "Reason", "Revision"].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
              <th scope="col" class="number">
                Fuel
              </th>
            </tr>
          </thead>
          <tbody>
            {slots.map((slot, i) => (
              <tr key={i}>
                <td>
                  {slot.slot} {slot.dryRun && <span class="tag warn">dry run</span>}
                </td>
                <td class={KEYS[slot.verdict]}>
                  {signOf(slot.verdict)} {slot.verdict}
                </td>
                <td>{slot.code}</td>
                <td class="path">{slot.reason ?? slot.error?.message}</td>
                <td>
                  <Swatch slot={slot.slot} revision={slot.revision} /> {slot.filter}{" "}
                  <span class="digest">{shortDigest(slot.revision)}</span>
                </td>
                <td class="number">{countText(slot.fuel)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <details>
        <summary>The whole record</summary>
        <pre>{JSON.stringify(record, null, 2)}</pre>
      </details>
    </Modal>
  );
}

function signOf(verdict: string): string {
  return VERDICTS.find(({ key }) => key === verdict)?.sign ?? "";
}

function tailCommand({ denied, slot, status, path }: TailWish): string {
  const words = ["sluice", "tail"];
  if (denied) words.push("--denied");
  if (slot !== "") words.push("--slot", slot);
  if (status !== "") words.push("--status", status);
  if (path !== "") words.push("--path", path);
  return commandText(...words);
}
