// What the rules look at, read from the host at most once per check and only when a rule gets that far.

import { Address, Attribute, Pairs, Value } from "@sluice/sdk-filter/assembly";

/** What became of reading a fact. */
export enum Presence {
  Unread = 0,
  Present = 1,
  Absent = 2,
  Failed = 3,
}

/** All facts that the rules of this configuration share. */
@final
export class RequestFacts {
  /** True when any fact of this check could not be read. */
  anyFailed: bool = false;
  private readonly facts: Fact[] = [];

  /** Before each check: nothing is known of the new request. */
  forget(): void {
    this.anyFailed = false;
    const facts = this.facts;
    for (let i = 0; i < facts.length; i++) unchecked(facts[i]).presence = Presence.Unread;
  }

  /** The texts of an attribute; `several` for headers, which may stand in a request more than once. */
  texts(name: string, several: bool = false): TextFact {
    const known = this.known(name);
    return <TextFact>(known === null ? this.add(new TextFact(this, name, several)) : known);
  }
  sourceAddress(): AddressFact {
    const known = this.known("source.address");
    return <AddressFact>(known === null ? this.add(new AddressFact(this, "source.address")) : known);
  }
  destinationPort(): NumberFact {
    const known = this.known("destination.port");
    return <NumberFact>(known === null ? this.add(new NumberFact(this, "destination.port")) : known);
  }

  private known(name: string): Fact | null {
    for (let i = 0; i < this.facts.length; i++) if (this.facts[i].attribute.name == name) return this.facts[i];
    return null;
  }

  private add(fact: Fact): Fact {
    this.facts.push(fact);
    return fact;
  }
}

/** One attribute of the request at hand. */
export abstract class Fact {
  presence: Presence = Presence.Unread;
  readonly attribute: Attribute;
  private readonly all: RequestFacts;

  constructor(all: RequestFacts, name: string) {
    this.all = all;
    this.attribute = Attribute.of(name);
  }

  /** Reads it unless this check has already. */
  find(): Presence {
    if (this.presence == Presence.Unread) {
      this.presence = this.read();
      if (this.presence == Presence.Failed) this.all.anyFailed = true;
    }
    return this.presence;
  }

  protected abstract read(): Presence;
}

/** Texts: one for most attributes, one per line for a header. Walk them: `rewind()`, then `while (next()) value`. */
@final
export class TextFact extends Fact {
  /** The text that `next` moved to. */
  value: Value = new Value();
  private readonly several: bool;
  private list: Pairs | null = null;
  private given: bool = false;

  constructor(all: RequestFacts, name: string, several: bool) {
    super(all, name);
    this.several = several;
  }

  rewind(): void {
    this.given = false;
    const list = this.list;
    if (list !== null) list.rewind();
  }

  next(): bool {
    const list = this.list;
    if (list !== null) return list.next();
    if (this.given) return false;
    this.given = true;
    return true;
  }

  /** False when the walk met bytes that are no list. */
  get readWell(): bool {
    const list = this.list;
    return list === null || list.wellFormed;
  }

  protected read(): Presence {
    return this.several ? this.readSeveral() : this.readOne();
  }

  private readOne(): Presence {
    const value = this.attribute.read();
    if (value === null) return this.attribute.failed ? Presence.Failed : Presence.Absent;
    this.value = value;
    return Presence.Present;
  }

  private readSeveral(): Presence {
    const list = this.attribute.values();
    if (this.attribute.failed) return Presence.Failed;
    if (list === null || list.count == 0) return Presence.Absent;
    // A list of values is pairs whose names are the values.
    this.value = list.name;
    this.list = list;
    return Presence.Present;
  }
}

/** The address part of a text like `198.51.100.7:40000`. */
@final
export class AddressFact extends Fact {
  readonly address: Address = new Address();

  protected read(): Presence {
    const value = this.attribute.read();
    if (value === null) return this.attribute.failed ? Presence.Failed : Presence.Absent;
    return this.address.parse(value) ? Presence.Present : Presence.Failed;
  }
}

/** A whole number. */
@final
export class NumberFact extends Fact {
  number: i64 = 0;

  protected read(): Presence {
    this.number = this.attribute.integer(ABSENT);
    if (this.attribute.failed) return Presence.Failed;
    return this.number == ABSENT ? Presence.Absent : Presence.Present;
  }
}

// Ports, the only numbers rules look at, are never negative.
const ABSENT: i64 = -1;
