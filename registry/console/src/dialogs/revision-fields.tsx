// One revision in the deploy dialog: filter, version, share, grants, configuration.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { FilterVersion } from "../api.ts";
import { useConsole } from "../console-context.ts";
import type { DraftRevision } from "../deploy-draft.ts";
import { ConfigEditor } from "../parts/config-editor.tsx";
import { shortDigest } from "../parts/figures.ts";
import type { State } from "../store.ts";

export interface RevisionFieldsProps {
  readonly state: State;
  readonly slot: string;
  readonly revision: DraftRevision;
  readonly title: string;
  readonly isSplit: boolean;
  readonly change: (change: Partial<DraftRevision>) => void;
  readonly setJsonProblem: (problem: string | null) => void;
  /** Null: the slot needs it. */
  readonly remove: (() => void) | null;
}

export function RevisionFields(props: RevisionFieldsProps): JSX.Element {
  const { state, revision, title, isSplit, change, remove } = props;
  const { store } = useConsole();
  const { filter } = revision;
  useEffect(() => {
    if (filter !== "") void store.needVersions(filter);
  }, [store, filter]);
  const versions = state.versions[filter] ?? [];
  const version = versions.find(({ digest }) => digest === revision.version);
  return (
    <fieldset class="revision-fields">
      <legend>{title}</legend>
      <div class="fields">
        <label class="field">
          <span>Filter</span>
          <select
            value={filter}
            onChange={(event) =>
              change({ filter: event.currentTarget.value, version: "", tag: null, config: undefined, base: null })
            }
          >
            {filter === "" && <option value="">choose</option>}
            {state.filters.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Version</span>
          <select value={referenceOf(revision)} onChange={(event) => change(pick(versions, event.currentTarget.value))}>
            {version === undefined && <option value={referenceOf(revision)}>choose</option>}
            {versions.flatMap(choicesOf).map(({ value, text }) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {isSplit && (
          <label class="field">
            <span>Share in percent</span>
            <input
              type="number"
              min={0}
              max={100}
              step={1}
              value={revision.weight}
              onInput={(event) => change({ weight: event.currentTarget.valueAsNumber || 0 })}
            />
          </label>
        )}
        {remove !== null && (
          <button type="button" onClick={remove}>
            Take it out
          </button>
        )}
      </div>
      {version !== undefined && <Grants {...props} version={version} />}
      {version !== undefined && <Configuration {...props} version={version} />}
    </fieldset>
  );
}

type VersionProps = RevisionFieldsProps & { readonly version: FilterVersion };

/** Capabilities that the filter asks for beyond the default, or has been granted. */
function Grants({ revision, version, change }: VersionProps): JSX.Element | null {
  const granted = revision.capabilities;
  const families = [...new Set([...(version.filter.capabilities ?? []), ...granted])];
  if (families.length === 0) return null;
  const toggle = (family: string): void =>
    change({
      capabilities: granted.includes(family) ? granted.filter((each) => each !== family) : [...granted, family],
    });
  return (
    <div class="fields">
      {families.map((family) => (
        <label class="field check" key={family}>
          <span>grant {family}</span>
          <input type="checkbox" checked={granted.includes(family)} onChange={() => toggle(family)} />
        </label>
      ))}
    </div>
  );
}

function Configuration({ revision, version, change, setJsonProblem }: VersionProps): JSX.Element {
  // Counts what replaced the configuration from outside of the editor, which then starts anew.
  const [fills, setFills] = useState(0);
  const { config: schema, exampleConfig } = version.filter;
  const fill = (config: unknown): void => {
    change({ config });
    setJsonProblem(null);
    setFills(fills + 1);
  };
  return (
    <details open={revision.base === null}>
      <summary>Configuration</summary>
      {exampleConfig !== undefined && (
        <p>
          <button type="button" onClick={() => fill(exampleConfig)}>
            Start from the filter's example
          </button>
        </p>
      )}
      <ConfigEditor
        key={`${version.digest} ${fills}`}
        schema={schema}
        value={revision.config}
        onChange={(config, problem) => {
          setJsonProblem(problem);
          change({ config });
        }}
      />
    </details>
  );
}

/** Tags first: they are what people say. */
function choicesOf({ digest, tags }: FilterVersion): { value: string; text: string }[] {
  const short = shortDigest(digest);
  const named = tags.map((tag) => ({ value: `${digest} ${tag}`, text: `${tag} (${short})` }));
  return [...named, { value: `${digest} `, text: tags.length === 0 ? short : `${short} without its tag` }];
}

function referenceOf({ version, tag }: DraftRevision): string {
  return `${version} ${tag ?? ""}`;
}

function pick(versions: readonly FilterVersion[], reference: string): Partial<DraftRevision> {
  const [digest = "", tag = ""] = reference.split(" ");
  const isKnown = versions.some((version) => version.digest === digest);
  return isKnown ? { version: digest, tag: tag === "" ? null : tag } : {};
}
