// The fleet: what each proxy should run, what it says it runs, and what was overridden on it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { overridesOf } from "../alarms.ts";
import type { ProxyView } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import { countText } from "../parts/figures.ts";
import { FindBox, isFound } from "../parts/find-box.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import type { State } from "../store.ts";

const COLUMNS: readonly Column<ProxyView>[] = [
  { title: "Proxy", cell: ({ id }) => <b>{id}</b> },
  { title: "Labels", cell: ({ labels }) => labelsOf(labels).map((label) => <span class="tag">{label}</span>) },
  { title: "Wanted", kind: "number", width: "72px", cell: ({ wanted }) => numberText(wanted) },
  { title: "Applied", kind: "number", width: "72px", cell: ({ applied }) => numberText(applied) },
  { title: "State", width: "30%", cell: (proxy) => <ProxyStateText proxy={proxy} /> },
  { title: "Last heard", width: "104px", cell: ({ lastSeen }) => <Ago time={lastSeen} /> },
  { title: "Requests", kind: "number", width: "96px", cell: ({ counters }) => countText(counters?.requests ?? 0) },
];

export function ProxiesPage({ state }: { state: State }): JSX.Element {
  const [sought, setSought] = useState("");
  const shown = state.proxies.filter(({ id, labels }) => isFound(sought, id, ...labelsOf(labels)));
  return (
    <>
      <div class="title">
        <h1>Proxies</h1>
        <FindBox value={sought} onInput={setSought} />
      </div>
      {state.proxies.length === 0 ? (
        <p class="empty">
          No proxy has connected yet. Start one with <code>sluice proxy -c sluice.yaml</code>.
        </p>
      ) : (
        <VirtualTable
          label="proxies"
          empty="No proxy is called so."
          items={shown}
          columns={COLUMNS}
          keyOf={({ id }) => id}
        />
      )}
    </>
  );
}

function ProxyStateText({ proxy }: { proxy: ProxyView }): JSX.Element {
  const { connected, overrides, refused, ready, wanted, applied } = proxy;
  if (!connected) return <span class="error">○ not connected</span>;
  if (overrides.length > 0) {
    const texts = overrides.flatMap(({ slot }) => overridesOf([proxy], slot)).map(({ text }) => text);
    return (
      <span class="override-text" title={texts.join("\n")}>
        ! {texts[0]}
      </span>
    );
  }
  if (refused !== null) {
    return (
      <span class="error" title={`${refused.message}\n${refused.hint ?? ""}`}>
        ! refused #{refused.number}: {refused.message} <code>{refused.code}</code>
      </span>
    );
  }
  if (!ready) return <span class="error">! not ready</span>;
  return wanted === applied ? <span class="allow">✓ ready</span> : <span class="quiet">… catching up</span>;
}

function labelsOf(labels: ProxyView["labels"]): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

function numberText(number: number | null): string {
  return number === null ? "–" : `#${number}`;
}
