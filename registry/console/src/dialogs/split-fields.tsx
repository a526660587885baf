// How a slot's traffic is shared between its revisions, and by what a stream is told apart.

import type { JSX } from "preact";

import type { SlotDraft } from "../deploy-draft.ts";

const KINDS = [
  { kind: "source", title: "source address", needsName: false },
  { kind: "header", title: "header", needsName: true },
  { kind: "cookie", title: "cookie", needsName: true },
  { kind: "attribute", title: "attribute", needsName: true },
] as const;

export function SplitFields({
  draft,
  setDraft,
}: {
  draft: SlotDraft;
  setDraft: (draft: SlotDraft) => void;
}): JSX.Element {
  const [kind = "source", ...rest] = draft.by.split(":");
  const name = rest.join(":");
  const needsName = KINDS.find((each) => each.kind === kind)?.needsName === true;
  const sum = draft.revisions.reduce((all, { weight }) => all + weight, 0);
  const setBy = (nextKind: string, nextName: string): void =>
    setDraft({ ...draft, by: nextKind === "source" ? nextKind : `${nextKind}:${nextName}` });
  return (
    <div class="fields">
      <label class="field">
        <span>Split by</span>
        <select value={kind} onChange={(event) => setBy(event.currentTarget.value, name)}>
          {KINDS.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      {needsName && (
        <label class="field">
          <span>Name of the {kind}</span>
          <input type="text" value={name} onInput={(event) => setBy(kind, event.currentTarget.value)} />
        </label>
      )}
      <p class={sum === 100 ? "quiet number" : "error number"} role="status">
        shares: {sum} of 100 %
      </p>
    </div>
  );
}
