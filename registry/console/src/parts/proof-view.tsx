import type { JSX } from "preact";

import type { AdvisedImport, Proof } from "../api.ts";
import { bytesText, countText } from "./figures.ts";
import { ProblemNote } from "./problem-note.tsx";

/** What the registry found when it tried a version. */
export function ProofView({ proof }: { proof: Proof }): JSX.Element {
  const { inspection, requests } = proof;
  return (
    <div class="proof">
      {proof.refusal !== null && <ProblemNote problem={proof.refusal} />}
      <dl>
        {inspection !== null && (
          <>
            <dt>Module</dt>
            <dd>
              {bytesText(inspection.sizes.bytes)}, ABI {inspection.abi}
              {inspection.language !== null && `, ${inspection.language}`}
              {inspection.sdk && `, ${inspection.sdk}`}
            </dd>
            <dt>Callbacks</dt>
            <dd>{inspection.callbacks.join(", ")}</dd>
            <Advice imports={inspection.imports ?? []} />
            {(inspection.lastingChanges ?? []).length > 0 && (
              <>
                <dt>Made anew</dt>
                <dd>for each stream of its own, for {inspection.lastingChanges!.join("; ")}</dd>
              </>
            )}
          </>
        )}
        <dt>Configured</dt>
        <dd>{proof.configured ? "✓ took its example configuration" : "– not tried with a configuration"}</dd>
        <dt>Compiled</dt>
        <dd class="number">in {proof.compileMs.toLocaleString("en", { maximumFractionDigits: 1 })} ms</dd>
        <dt>Sample requests</dt>
        <dd>
          {requests.length === 0
            ? "none came with it"
            : `${requests.filter(({ ok }) => ok).length} of ${requests.length} as expected, ` +
              `dearest ${countText(proof.fuelMax)} fuel`}
        </dd>
      </dl>
      {requests.length > 0 && (
        <ul class="cases">
          {requests.map(({ file, name, ok, fuel, failures }) => (
            <li key={`${file} ${name}`}>
              <b class={ok ? "allow" : "error"}>{ok ? "✓" : "!"}</b> {name}{" "}
              <span class="quiet number">
                {countText(fuel)} fuel, {file}
              </span>
              {failures.map((failure) => (
                <p class="error" key={failure}>
                  {failure}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What its imports need of an operator, or will not do. */
function Advice({ imports }: { imports: readonly AdvisedImport[] }): JSX.Element | null {
  const advised = imports.filter(({ advice }) => advice !== undefined && advice !== null);
  if (advised.length === 0) return null;
  return (
    <>
      <dt>Imports</dt>
      <dd>
        {advised.map(({ name, advice }) => (
          <div key={name}>
            <code>{name}</code> <span class="quiet">{advice}</span>
          </div>
        ))}
      </dd>
    </>
  );
}
