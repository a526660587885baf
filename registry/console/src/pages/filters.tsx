import type { JSX } from "preact";

import type { FilterVersion, Proof } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import { Digest } from "../parts/digest.tsx";
import type { State } from "../store.ts";

export function FiltersPage({ state, rest }: { state: State; rest: string }): JSX.Element {
  const shown = rest === "" ? state.filters : state.filters.filter((filter) => filter.name === rest);
  return (
    <>
      <h1>Filters</h1>
      {rest !== "" && (
        <p>
          <a href="#/filters">All filters</a>
        </p>
      )}
      {shown.map((filter) => (
        <section class="card" key={filter.name} aria-label={`filter ${filter.name}`}>
          <h2>{filter.name}</h2>
          <p class="quiet">{state.versions[filter.name]?.[0]?.filter.description}</p>
          <Versions versions={state.versions[filter.name] ?? []} />
        </section>
      ))}
      {shown.length === 0 && <p class="empty">No filter here. Authors push one with `sluice push`.</p>}
    </>
  );
}

function Versions({ versions }: { versions: FilterVersion[] }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Version</th>
            <th>Tags</th>
            <th>Pushed</th>
            <th class="number">Size</th>
            <th>Proof</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <tr key={version.digest}>
              <td>
                <Digest digest={version.digest} />
              </td>
              <td>
                {version.tags.map((tag) => (
                  <span class="tag" key={tag}>
                    {tag}
                  </span>
                ))}
              </td>
              <td>
                <Ago time={version.pushedAt} /> <span class="quiet">by {version.pushedBy}</span>
              </td>
              <td class="number">{sizeText(version.size)}</td>
              <td>
                <ProofNote proof={version.proof} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ProofNote({ proof }: { proof: Proof }): JSX.Element {
  return (
    <details>
      <summary class={proof.ok ? "allow" : "error"}>
        {proof.ok ? "✓ proven" : `! ${proof.refusal?.message ?? "refused"}`}
      </summary>
      <pre>{JSON.stringify(proof, null, 2)}</pre>
    </details>
  );
}

function sizeText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toLocaleString("en", { maximumFractionDigits: 1 })} KiB`;
}
