// A filter's configuration: a form made of its schema, or JSON where there is none or somebody prefers it. The form does
// not judge; the registry's dry run does, by the same schema.

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import type { ConfigSchema } from "../api.ts";

export interface ConfigEditorProps {
  readonly schema: ConfigSchema | undefined;
  /** Undefined: no configuration. */
  readonly value: unknown;
  /** `problem` says why the text is no JSON; the value is then the last good one. */
  readonly onChange: (value: unknown, problem: string | null) => void;
}

/** Characters of JSON beyond which a form would be slower than the text. */
const FORM_CHARS_MAX = 20_000;

export function ConfigEditor({ schema, value, onChange }: ConfigEditorProps): JSX.Element {
  const canForm = schema !== undefined && isFormable(schema) && jsonText(value).length < FORM_CHARS_MAX;
  const [asText, setAsText] = useState(!canForm);
  return (
    <div class="config">
      {canForm && (
        <div class="choice" role="group" aria-label="How to edit the configuration">
          <button type="button" aria-pressed={!asText} onClick={() => setAsText(false)}>
            Form
          </button>
          <button type="button" aria-pressed={asText} onClick={() => setAsText(true)}>
            JSON
          </button>
        </div>
      )}
      {asText || !canForm ? (
        <JsonField label="Configuration (JSON)" value={value} onChange={onChange} />
      ) : (
        <Field label="Configuration" schema={schema} value={value} onChange={(next) => onChange(next, null)} />
      )}
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly schema: ConfigSchema;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  /** A button that takes the field away. */
  readonly remove?: JSX.Element | undefined;
}

function Field(props: FieldProps): JSX.Element {
  const { label, schema, value, onChange, remove } = props;
  if (schema.enum !== undefined) return <ChoiceField {...props} />;
  if (schema.type === "object" && schema.properties !== undefined) return <ObjectField {...props} />;
  if (schema.type === "array" && schema.items !== undefined) return <ArrayField {...props} />;
  if (schema.type === "boolean") {
    return (
      <Labelled {...props} class="check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      </Labelled>
    );
  }
  if (schema.type === "number" || schema.type === "integer") {
    return (
      <Labelled {...props}>
        <input
          type="number"
          step={schema.type === "integer" ? 1 : "any"}
          value={typeof value === "number" ? value : ""}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
      </Labelled>
    );
  }
  if (schema.type === "string") {
    return (
      <Labelled {...props}>
        <input type="text" value={stringOf(value)} onInput={(event) => onChange(event.currentTarget.value)} />
      </Labelled>
    );
  }
  return (
    <>
      <JsonField label={`${label} (JSON)`} value={value} onChange={(next) => onChange(next)} />
      {remove}
    </>
  );
}

function Labelled(props: FieldProps & { class?: string; children: ComponentChildren }): JSX.Element {
  const { label, schema, remove, children } = props;
  return (
    <div class={`field ${props.class ?? ""}`}>
      <label>
        <span>{label}</span>
        {children}
      </label>
      {remove}
      {schema.description !== undefined && <small class="quiet">{schema.description}</small>}
    </div>
  );
}

function ChoiceField(props: FieldProps): JSX.Element {
  const { schema, value, onChange } = props;
  const choices = schema.enum ?? [];
  return (
    <Labelled {...props}>
      <select
        value={String(choices.indexOf(value))}
        onChange={(event) => onChange(choices[Number(event.currentTarget.value)])}
      >
        {!choices.includes(value) && <option value="-1">choose</option>}
        {choices.map((choice, i) => (
          <option key={i} value={String(i)}>
            {stringOf(choice)}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** The fields that are there, and a list of those that may be added. */
function ObjectField({ label, schema, value, onChange, remove }: FieldProps): JSX.Element {
  const { properties = {}, required = [] } = schema;
  const fields = isRecord(value) ? value : {};
  const absent = Object.keys(properties).filter((name) => !(name in fields));
  const without = (name: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  return (
    <fieldset>
      <legend>{label}</legend>
      {remove}
      {schema.description !== undefined && <small class="quiet">{schema.description}</small>}
      {Object.entries(fields).map(([name, field]) => (
        <Field
          key={name}
          label={name}
          schema={properties[name] ?? {}}
          value={field}
          onChange={(next) => onChange({ ...fields, [name]: next })}
          remove={
            required.includes(name) ? undefined : <RemoveButton what={name} onClick={() => onChange(without(name))} />
          }
        />
      ))}
      {absent.map((name) => (
        <button
          key={name}
          type="button"
          class="add"
          onClick={() => onChange({ ...fields, [name]: blankOf(properties[name]!) })}
        >
          + {name}
          {required.includes(name) ? " (needed)" : ""}
        </button>
      ))}
    </fieldset>
  );
}

function ArrayField({ label, schema, value, onChange, remove }: FieldProps): JSX.Element {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const itemSchema = schema.items!;
  const title = itemSchema.title ?? label;
  return (
    <fieldset>
      <legend>{label}</legend>
      {remove}
      {schema.description !== undefined && <small class="quiet">{schema.description}</small>}
      {items.map((item, i) => (
        <Field
          key={i}
          label={`${title} ${i + 1}`}
          schema={itemSchema}
          value={item}
          onChange={(next) => onChange(items.with(i, next))}
          remove={<RemoveButton what={`${title} ${i + 1}`} onClick={() => onChange(items.toSpliced(i, 1))} />}
        />
      ))}
      <button type="button" class="add" onClick={() => onChange([...items, blankOf(itemSchema)])}>
        + {title}
      </button>
    </fieldset>
  );
}

function RemoveButton({ what, onClick }: { what: string; onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="plain" aria-label={`Remove ${what}`} onClick={onClick}>
      ✕
    </button>
  );
}

function JsonField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: unknown;
  onChange: (value: unknown, problem: string | null) => void;
}): JSX.Element {
  const [text, setText] = useState(() => jsonText(value));
  const [problem, setProblem] = useState<string | null>(null);
  const edit = (next: string): void => {
    const read = readJson(next);
    setText(next);
    setProblem(read.problem);
    onChange(read.problem === null ? read.value : value, read.problem);
  };
  return (
    <div class="field">
      <label>
        <span>{label}</span>
        <textarea
          rows={8}
          spellcheck={false}
          value={text}
          aria-invalid={problem !== null}
          onInput={(event) => edit(event.currentTarget.value)}
        />
      </label>
      <small class={problem === null ? "quiet" : "error"}>{problem ?? "empty: no configuration"}</small>
    </div>
  );
}

function readJson(text: string): { value: unknown; problem: string | null } {
  try {
    return { value: text.trim() === "" ? undefined : (JSON.parse(text) as unknown), problem: null };
  } catch (error) {
    return { value: undefined, problem: `no JSON yet: ${(error as Error).message}` };
  }
}

function isFormable({ type, properties, items }: ConfigSchema): boolean {
  return (type === "object" && properties !== undefined) || (type === "array" && items !== undefined);
}

/** The least value of a schema: what is required, empty. */
function blankOf(schema: ConfigSchema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === "string") return "";
  if (schema.type === "boolean") return false;
  if (schema.type === "number" || schema.type === "integer") return 0;
  if (schema.type === "array") return [];
  if (schema.type !== "object") return null;
  const { properties = {}, required = [] } = schema;
  return Object.fromEntries(required.map((name) => [name, blankOf(properties[name] ?? {})]));
}

function jsonText(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
