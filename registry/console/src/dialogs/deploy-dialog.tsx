// Puts versions in charge of a slot: which, with what configuration, with what share of the traffic.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { writeDeployment } from "../api.ts";
import type { StoredDeployment } from "../api.ts";
import { useConsole } from "../console-context.ts";
import type { Candidate } from "../console-context.ts";
import {
  deployCommand,
  documentOf,
  draftOfNewSlot,
  draftOfSlot,
  withFurtherRevision,
  withRevision,
  withoutRevision,
} from "../deploy-draft.ts";
import type { DraftRevision, SlotDraft } from "../deploy-draft.ts";
import { Modal } from "../parts/modal.tsx";
import type { State } from "../store.ts";
import { ChangeReview } from "./change-review.tsx";
import type { Change } from "./change-review.tsx";
import { RevisionFields } from "./revision-fields.tsx";
import { SplitFields } from "./split-fields.tsx";

export interface DeployDialogProps {
  readonly state: State;
  readonly deployment: string;
  /** Null: the slot is chosen in the dialog. */
  readonly slot: string | null;
  readonly from?: Candidate | undefined;
  readonly close: () => void;
}

const NEW_SLOT = "+";

export function DeployDialog({ state, deployment, slot, from, close }: DeployDialogProps): JSX.Element {
  // The document that the form was filled from, however often others write meanwhile.
  const [base, setBase] = useState(() => currentOf(state, deployment));
  const [draft, setDraft] = useState(() => firstDraft(base, slot, from));
  const [jsonProblem, setJsonProblem] = useState<string | null>(null);
  const { store } = useConsole();
  const choose = (name: string): void =>
    setDraft(draftFor(base, name === NEW_SLOT ? null : name, from ?? { filter: name, version: "", tag: null }));
  const lookAgain = async (): Promise<void> => {
    await store.renew();
    const now = currentOf(store.state, deployment);
    setBase(now);
    if (!isSameSlot(base, now, draft.name)) setDraft({ ...firstDraft(now, draft.name, from), why: draft.why });
  };
  return (
    <Modal title={slot === null ? "Deploy" : `Deploy to ${slot}`} close={close}>
      {slot === null && (
        <label class="field">
          <span>Slot</span>
          <select
            value={draft.base === null ? NEW_SLOT : draft.name}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {base?.slots.map(({ name, phase }) => (
              <option key={name} value={name}>
                {name} ({phase})
              </option>
            ))}
            <option value={NEW_SLOT}>a new slot</option>
          </select>
        </label>
      )}
      {draft.base === null && <NewSlotFields draft={withPhase(draft, state)} setDraft={setDraft} />}
      {draft.revisions.map((revision, place) => (
        <RevisionFields
          key={revision.id}
          state={state}
          slot={draft.name}
          revision={revision}
          title={titleOf(draft, place)}
          isSplit={draft.revisions.length > 1}
          change={(change) => setDraft((draft) => withRevision(draft, revision.id, change))}
          setJsonProblem={setJsonProblem}
          remove={draft.revisions.length > 1 ? () => setDraft(withoutRevision(draft, revision.id)) : null}
        />
      ))}
      <p>
        <button type="button" onClick={() => setDraft(withFurtherRevision(draft))}>
          + split with another revision
        </button>
      </p>
      {draft.revisions.length > 1 && <SplitFields draft={draft} setDraft={setDraft} />}
      <SlotFields draft={draft} setDraft={setDraft} />
      <ChangeReview
        state={state}
        deployment={deployment}
        seen={base?.number ?? 0}
        change={changeOf(base, deployment, withPhase(draft, state), jsonProblem)}
        hint={jsonProblem ?? "Pick a version."}
        verb="Deploy"
        lookAgain={() => void lookAgain()}
      />
    </Modal>
  );
}

interface DraftProps {
  readonly draft: SlotDraft;
  readonly setDraft: (draft: SlotDraft) => void;
}

const PHASES = ["AUTHN", "AUTHZ", "QUOTA", "OTHER"];

function NewSlotFields({ draft, setDraft }: DraftProps): JSX.Element {
  return (
    <div class="fields">
      <label class="field">
        <span>Name of the new slot</span>
        <input
          type="text"
          value={draft.name}
          onInput={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Phase</span>
        <select value={draft.phase} onChange={(event) => setDraft({ ...draft, phase: event.currentTarget.value })}>
          {PHASES.map((phase) => (
            <option key={phase}>{phase}</option>
          ))}
        </select>
      </label>
    </div>
  );
}

function SlotFields({ draft, setDraft }: DraftProps): JSX.Element {
  return (
    <div class="fields">
      <label class="field">
        <span>When the filter fails</span>
        <select
          value={draft.failStrategy}
          onChange={(event) => setDraft({ ...draft, failStrategy: event.currentTarget.value })}
        >
          <option value="FAIL_CLOSE">deny (FAIL_CLOSE)</option>
          <option value="FAIL_OPEN">let pass (FAIL_OPEN)</option>
        </select>
      </label>
      <label class="field check">
        <span>Dry run: asked and recorded, never enforced</span>
        <input
          type="checkbox"
          checked={draft.dryRun}
          onChange={(event) => setDraft({ ...draft, dryRun: event.currentTarget.checked })}
        />
      </label>
      <label class="field wide">
        <span>Why, for the history</span>
        <input
          type="text"
          maxLength={1024}
          value={draft.why}
          onInput={(event) => setDraft({ ...draft, why: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

function changeOf(
  base: StoredDeployment | null,
  deployment: string,
  draft: SlotDraft,
  jsonProblem: string | null,
): Change | null {
  if (jsonProblem !== null || draft.revisions.some(({ version }) => version === "")) return null;
  const document = documentOf(base, deployment, draft);
  return {
    key: JSON.stringify(document),
    write: (options) => writeDeployment(document, options),
    command: deployCommand(document, draft),
  };
}

function titleOf({ revisions }: SlotDraft, place: number): string {
  if (revisions.length === 1) return "Revision";
  return place === 0 ? "Stable revision" : `Revision ${place + 1}`;
}

function currentOf(state: State, deployment: string): StoredDeployment | null {
  return state.deployments.find(({ name }) => name === deployment) ?? null;
}

/** The slot that was asked for, else the first that runs the filter, else a new one. */
function firstDraft(base: StoredDeployment | null, slot: string | null, from: Candidate | undefined): SlotDraft {
  const name =
    slot ?? base?.slots.find(({ revisions }) => revisions.some(({ filter }) => filter === from?.filter))?.name;
  return draftFor(base, name ?? null, from ?? { filter: slot ?? "", version: "", tag: null });
}

function draftFor(base: StoredDeployment | null, slot: string | null, from: Candidate): SlotDraft {
  const present = base?.slots.find(({ name }) => name === slot);
  const draft = present === undefined ? draftOfNewSlot(from.filter) : draftOfSlot(present);
  const [first] = draft.revisions;
  if (from.version === "" || first === undefined) return draft;
  return withRevision(draft, first.id, pickOf(first, from));
}

function pickOf(revision: DraftRevision, { filter, version, tag }: Candidate): Partial<DraftRevision> {
  return filter === revision.filter
    ? { version, tag }
    : { filter, version, tag, config: undefined, capabilities: [], base: null };
}

/** A new slot has the phase its filter asks for, unless somebody has chosen another. */
function withPhase(draft: SlotDraft, state: State): SlotDraft {
  if (draft.phase !== "") return draft;
  const [first] = draft.revisions;
  const version = state.versions[first?.filter ?? ""]?.find(({ digest }) => digest === first?.version);
  return { ...draft, phase: version?.filter.phase ?? "OTHER" };
}

function isSameSlot(one: StoredDeployment | null, other: StoredDeployment | null, name: string): boolean {
  const slotIn = (deployment: StoredDeployment | null): string =>
    JSON.stringify(deployment?.slots.find((slot) => slot.name === name) ?? null);
  return slotIn(one) === slotIn(other);
}
