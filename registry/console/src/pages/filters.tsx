// The filters of the registry, and one filter with its versions and their proofs. Files dropped here are pushed.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { FilterSummary, FilterVersion } from "../api.ts";
import { useConsole } from "../console-context.ts";
import { Ago } from "../parts/ago.tsx";
import { Digest } from "../parts/digest.tsx";
import { bytesText, shortDigest } from "../parts/figures.ts";
import { FindBox, isFound } from "../parts/find-box.tsx";
import { ProofView } from "../parts/proof-view.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import type { State } from "../store.ts";

export function FiltersPage({ state, rest }: { state: State; rest: string }): JSX.Element {
  const [name = "", version = ""] = rest.split("/");
  return (
    <DropZone>
      {name === "" ? <FilterList state={state} /> : <FilterPage state={state} name={name} version={version} />}
    </DropZone>
  );
}

const FILTER_COLUMNS: readonly Column<FilterSummary>[] = [
  {
    title: "Filter",
    cell: ({ name }) => <a href={`#/filters/${encodeURIComponent(name)}`}>{name}</a>,
  },
  { title: "Versions", kind: "number", width: "88px", cell: ({ versions }) => versions },
  { title: "Tags", cell: ({ tags }) => <Tags tags={Object.keys(tags)} /> },
  { title: "Pushed last", width: "128px", cell: ({ pushedAt }) => <Ago time={pushedAt} /> },
];

function FilterList({ state }: { state: State }): JSX.Element {
  const [sought, setSought] = useState("");
  const shown = state.filters.filter(({ name, tags }) => isFound(sought, name, ...Object.keys(tags)));
  return (
    <>
      <div class="title">
        <h1>Filters</h1>
        <FindBox value={sought} onInput={setSought} />
        <PushButton />
      </div>
      {state.filters.length === 0 ? (
        <p class="empty">
          No filter here. Drop a module (.wasm) on this page, or use <code>sluice push</code>.
        </p>
      ) : (
        <VirtualTable
          label="filters"
          empty="No filter is called so."
          items={shown}
          columns={FILTER_COLUMNS}
          keyOf={({ name }) => name}
        />
      )}
    </>
  );
}

function FilterPage({ state, name, version }: { state: State; name: string; version: string }): JSX.Element {
  const { store } = useConsole();
  useEffect(() => void store.needVersions(name), [store, name]);
  const versions = state.versions[name];
  const [newest] = versions ?? [];
  const shown = versions?.find(({ digest }) => shortDigest(digest) === version) ?? newest;
  return (
    <section aria-label={`filter ${name}`}>
      <div class="title">
        <h1>{name}</h1>
        <a href="#/filters">all filters</a>
        <PushButton />
      </div>
      <p class="quiet">{newest?.filter.description}</p>
      {versions === undefined && <p class="quiet">Loading…</p>}
      {versions !== undefined && (
        <VirtualTable
          label={`versions of ${name}`}
          empty="No version."
          items={versions}
          columns={versionColumns(name)}
          keyOf={({ digest }) => digest}
          newestFirst
        />
      )}
      {shown !== undefined && <VersionCard filter={name} version={shown} state={state} />}
    </section>
  );
}

function versionColumns(filter: string): readonly Column<FilterVersion>[] {
  return [
    {
      title: "Version",
      width: "136px",
      cell: ({ digest }) => (
        <a class="digest" href={`#/filters/${encodeURIComponent(filter)}/${shortDigest(digest)}`}>
          {shortDigest(digest)}
        </a>
      ),
    },
    { title: "Tags", cell: ({ tags }) => <Tags tags={tags} /> },
    {
      title: "Pushed",
      cell: ({ pushedAt, pushedBy }) => (
        <>
          <Ago time={pushedAt} /> <span class="quiet">by {pushedBy}</span>
        </>
      ),
    },
    { title: "Size", kind: "number", width: "88px", cell: ({ size }) => bytesText(size) },
    {
      title: "Proof",
      width: "104px",
      cell: ({ proof }) => <span class={proof.ok ? "allow" : "error"}>{proof.ok ? "✓ proven" : "! refused"}</span>,
    },
  ];
}

function VersionCard({
  filter,
  version,
  state,
}: {
  filter: string;
  version: FilterVersion;
  state: State;
}): JSX.Element {
  const { store, open } = useConsole();
  const { digest, filter: document } = version;
  const deployment = state.deployments[0]?.name ?? "default";
  return (
    <section class="card" aria-label={`version ${shortDigest(digest)}`}>
      <div class="title">
        <h2>
          Proof of <Digest digest={digest} />
        </h2>
        <Tags tags={version.tags} />
        {store.may("deploy") && (
          <button
            type="button"
            onClick={() =>
              open({
                kind: "deploy",
                deployment,
                slot: null,
                from: { filter, version: digest, tag: version.tags[0] ?? null },
              })
            }
          >
            Deploy it…
          </button>
        )}
      </div>
      <ProofView proof={version.proof} />
      <details>
        <summary>Configuration schema</summary>
        <pre>{document.config === undefined ? "any configuration" : JSON.stringify(document.config, null, 2)}</pre>
      </details>
    </section>
  );
}

function Tags({ tags }: { tags: readonly string[] }): JSX.Element {
  return (
    <>
      {tags.map((tag) => (
        <span class="tag" key={tag}>
          {tag}
        </span>
      ))}
    </>
  );
}

/** The way to push for hands on a keyboard; the dialog is the same as after a drop. */
function PushButton(): JSX.Element | null {
  const { store, open } = useConsole();
  const input = useRef<HTMLInputElement>(null);
  if (!store.may("push")) return null;
  const take = (): void => {
    const files = [...(input.current!.files ?? [])];
    input.current!.value = "";
    if (files.length > 0) open({ kind: "push", files });
  };
  return (
    <>
      <button type="button" onClick={() => input.current!.click()}>
        Push…
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".wasm,.yaml,.yml,.map"
        aria-label="files to push"
        onChange={take}
      />
    </>
  );
}

function DropZone({ children }: { children: JSX.Element }): JSX.Element {
  const { store, open } = useConsole();
  const [isOver, setOver] = useState(false);
  if (!store.may("push")) return <div>{children}</div>;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
  const over = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) open({ kind: "push", files });
  };
  return (
    <div class={isOver ? "drop over" : "drop"} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      {children}
      <p class="quiet drop-hint">
        Drop a module here to push it: the .wasm, and with it filter.yaml, the source map, sample requests.
      </p>
    </div>
  );
}
