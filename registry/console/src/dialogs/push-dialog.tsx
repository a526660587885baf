// Pushes what was dropped: shows what the files are, then what the registry found when it tried them.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { problemOf, pushVersion } from "../api.ts";
import type { Problem, Pushed } from "../api.ts";
import { commandText } from "../command-text.ts";
import { useConsole } from "../console-context.ts";
import { readDropped } from "../dropped-files.ts";
import type { Dropped } from "../dropped-files.ts";
import { CommandLine } from "../parts/command-line.tsx";
import { Digest } from "../parts/digest.tsx";
import { bytesText } from "../parts/figures.ts";
import { Modal } from "../parts/modal.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ProofView } from "../parts/proof-view.tsx";
import type { State } from "../store.ts";

type Progress =
  | { readonly step: "asking" }
  | { readonly step: "trying" }
  | { readonly step: "refused"; readonly problem: Problem }
  | { readonly step: "taken"; readonly pushed: Pushed };

export interface PushDialogProps {
  readonly state: State;
  readonly files: readonly File[];
  readonly close: () => void;
}

export function PushDialog({ state, files, close }: PushDialogProps): JSX.Element {
  const [dropped, setDropped] = useState<Dropped | null>(null);
  const [name, setName] = useState("");
  const [tag, setTag] = useState("");
  const [progress, setProgress] = useState<Progress>({ step: "asking" });
  useEffect(() => {
    void readDropped(files).then((read) => {
      setDropped(read);
      setName(read.name);
    });
  }, [files]);
  const parts = dropped?.parts ?? null;
  const push = async (): Promise<void> => {
    setProgress({ step: "trying" });
    try {
      setProgress({ step: "taken", pushed: await pushVersion(name, parts!, tag) });
    } catch (error) {
      setProgress({ step: "refused", problem: problemOf(error) });
    }
  };
  const canPush = parts !== null && name !== "" && progress.step !== "trying";
  if (progress.step === "taken") return <Taken state={state} pushed={progress.pushed} close={close} />;
  return (
    <Modal title="Push a version" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canPush) void push();
        }}
      >
        <Files files={files} />
        {dropped?.problems.map((problem) => (
          <p class="error" key={problem} role="alert">
            ! {problem}
          </p>
        ))}
        <div class="fields">
          <label class="field">
            <span>Filter</span>
            <input type="text" value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>Tag (may be left out)</span>
            <input type="text" placeholder="v2" value={tag} onInput={(event) => setTag(event.currentTarget.value)} />
          </label>
        </div>
        {parts !== null && parts.filter === null && (
          <p class="quiet">
            Without filter.yaml the version takes over that of the filter's newest version; a filter's first gets phase
            OTHER and any configuration.
          </p>
        )}
        <div class="outcome" aria-live="polite">
          {progress.step === "trying" && (
            <p class="quiet">Being tried: inspected, compiled, started, configured, asked its sample requests…</p>
          )}
          {progress.step === "refused" && <Refusal problem={progress.problem} />}
        </div>
        {parts !== null && <CommandLine command={{ text: pushCommand(parts.module.name, name, tag), file: null }} />}
        <footer>
          <button type="submit" class="primary" disabled={!canPush}>
            Push
          </button>
          <span class="quiet">Pushing changes no traffic.</span>
        </footer>
      </form>
    </Modal>
  );
}

function Files({ files }: { files: readonly File[] }): JSX.Element {
  return (
    <ul class="files" aria-label="files">
      {files.map(({ name, size }) => (
        <li key={name}>
          <code>{name}</code> <span class="quiet number">{bytesText(size)}</span>
        </li>
      ))}
    </ul>
  );
}

function Refusal({ problem }: { problem: Problem }): JSX.Element {
  const { proof, ...refusal } = problem;
  return (
    <>
      <p class="error">
        <b>Refused; nothing was stored.</b>
      </p>
      <ProblemNote problem={refusal} />
      {proof !== undefined && <ProofView proof={{ ...proof, refusal: null }} />}
    </>
  );
}

function Taken({ state, pushed, close }: { state: State; pushed: Pushed; close: () => void }): JSX.Element {
  const { store, open } = useConsole();
  const deployment = state.deployments[0]?.name ?? "default";
  return (
    <Modal title={`${pushed.filter} is stored`} close={close}>
      <p role="status">
        <b class="allow">✓ proven</b> <Digest digest={pushed.version} />{" "}
        {pushed.tag !== null && <span class="tag">{pushed.tag}</span>}
      </p>
      {pushed.documentFrom !== "upload" && (
        <p class="quiet">
          {pushed.documentFrom === "default"
            ? "Without filter.yaml: phase OTHER, nothing required, any configuration."
            : "filter.yaml was taken over from the newest version."}
        </p>
      )}
      <ProofView proof={pushed.proof} />
      <footer>
        {store.may("deploy") && (
          <button
            type="button"
            class="primary"
            onClick={() =>
              open({
                kind: "deploy",
                deployment,
                slot: null,
                from: { filter: pushed.filter, version: pushed.version, tag: pushed.tag },
              })
            }
          >
            Deploy it…
          </button>
        )}
        <span class="quiet">It decides nothing until it is deployed.</span>
      </footer>
    </Modal>
  );
}

function pushCommand(file: string, name: string, tag: string): string {
  const words = ["sluice", "push", file];
  if (name !== "") words.push("--name", name);
  if (tag !== "") words.push("--tag", tag);
  return commandText(...words);
}
