// What is done to one message's header: first remove, then set, then add.

import { ByteBuilder, Headers, Text, asciiLowerCase, isHeaderName, log } from "@sluice/sdk-filter/assembly";
import { Changes, Field } from "./config";
import { Template } from "./template";

/** The most bytes a value may come to. */
const VALUE_BYTES_MAX: i32 = 8192;

/** Fields that frame a message or belong to a connection: the proxy writes them, and a wrong one splits messages. */
const FRAMING: string[] = [
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Values are put together here, one after the other; the host copies each. */
const built: ByteBuilder = new ByteBuilder(VALUE_BYTES_MAX);

@final
export class HeaderChanges {
  private removed: Text[] = [];
  private set: FieldChange[] = [];
  private added: FieldChange[] = [];

  /** False, with every reason logged, when something cannot be used. */
  compile(config: Changes, place: string): bool {
    let usable = true;
    for (let i = 0; i < config.remove.length; i++) {
      if (isUsableName(config.remove[i], `${place}.remove[${i}]`)) this.removed.push(Text.of(config.remove[i]));
      else usable = false;
    }
    if (!compileFields(this.set, config.set_, place + ".set")) usable = false;
    if (!compileFields(this.added, config.add, place + ".add")) usable = false;
    return usable;
  }

  apply(headers: Headers): void {
    const removed = this.removed;
    const set = this.set;
    const added = this.added;
    for (let i = 0; i < removed.length; i++) headers.remove(unchecked(removed[i]));
    for (let i = 0; i < set.length; i++) unchecked(set[i]).setIn(headers);
    for (let i = 0; i < added.length; i++) unchecked(added[i]).addTo(headers);
  }
}

/** A name and what its value is made of. */
@final
class FieldChange {
  private readonly name: Text;
  private readonly value: Template;

  constructor(name: string, value: Template) {
    this.name = Text.of(name);
    this.value = value;
  }

  /** Without a value the name is removed: what a client sent under it must not pass for what this rule would have set. */
  setIn(headers: Headers): void {
    if (!this.value.writeTo(built) || !headers.setValue(this.name, built.value)) headers.remove(this.name);
  }

  addTo(headers: Headers): void {
    if (this.value.writeTo(built)) headers.addValue(this.name, built.value);
  }
}

function compileFields(changes: FieldChange[], fields: Field[], place: string): bool {
  let usable = true;
  for (let i = 0; i < fields.length; i++) {
    const template = Template.parse(fields[i].value);
    const isNamed = isUsableName(fields[i].name, `${place}[${i}].name`);
    if (template === null)
      usable = refuse(`${place}[${i}].value`, "a value is text with ${attribute} in it; $$ is a dollar sign");
    else if (isNamed) changes.push(new FieldChange(fields[i].name, template));
    if (!isNamed) usable = false;
  }
  return usable;
}

function isUsableName(name: string, place: string): bool {
  if (!isHeaderName(name)) return refuse(place, "'" + name + "' is no header name");
  if (!FRAMING.includes(asciiLowerCase(name))) return true;
  return refuse(place, "'" + name + "' frames messages: it is the proxy's to write");
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}
