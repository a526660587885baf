import type { JSX } from "preact";

import type { Difference, HistoryEntry, StoredDeployment } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import { Digest } from "../parts/digest.tsx";
import type { State } from "../store.ts";

export function DeploymentsPage({ state }: { state: State }): JSX.Element {
  return (
    <>
      <h1>Deployments</h1>
      {state.deployments.map((deployment) => (
        <section class="card" key={deployment.name} aria-label={`deployment ${deployment.name}`}>
          <h2>
            {deployment.name} <span class="number">#{deployment.number}</span>
          </h2>
          <Chain deployment={deployment} />
          <h3>History</h3>
          <History entries={state.history[deployment.name] ?? []} />
        </section>
      ))}
      {state.deployments.length === 0 && (
        <p class="empty">Nothing is deployed. Operators start with `sluice deploy`.</p>
      )}
    </>
  );
}

function Chain({ deployment }: { deployment: StoredDeployment }): JSX.Element {
  return (
    <ol class="chain">
      {deployment.slots.map((slot) => (
        <li key={slot.name}>
          <b>{slot.name}</b> <span class="tag">{slot.phase}</span>{" "}
          {slot.revisions.map((revision) => (
            <span key={revision.version}>
              {revision.filter}
              {revision.tag !== undefined && `@${revision.tag}`} <Digest digest={revision.version ?? ""} />
            </span>
          ))}
          {slot.revisions.some((revision) => revision.pluginConfig !== undefined) && (
            <details>
              <summary>configuration</summary>
              <pre>
                {JSON.stringify(
                  slot.revisions.map((revision) => revision.pluginConfig),
                  null,
                  2,
                )}
              </pre>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}

function History({ entries }: { entries: HistoryEntry[] }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="number">Number</th>
            <th>When</th>
            <th>Who</th>
            <th>Why</th>
            <th>What changed</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.number}>
              <td class="number">#{entry.number}</td>
              <td>
                <Ago time={entry.when} />
              </td>
              <td>{entry.who}</td>
              <td>{entry.why}</td>
              <td>
                {entry.diff.map((difference) => (
                  <DifferenceLine key={difference.path} difference={difference} />
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SIGNS: Record<Difference["kind"], string> = { added: "+", removed: "−", changed: "~", moved: "↕" };

function DifferenceLine({ difference }: { difference: Difference }): JSX.Element {
  const { path, kind, from, to } = difference;
  const shown = [from, to].filter((value) => value !== undefined).map((value) => JSON.stringify(value));
  return (
    <details>
      <summary>
        {SIGNS[kind]} {path}
      </summary>
      <pre>{shown.join("\n→ ")}</pre>
    </details>
  );
}
