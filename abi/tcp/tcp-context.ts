// What hostcalls of a TCP stream's guests ask. There is no message: no heads, no reply, no check; there are the data of both
// directions, properties and a record.

import type { Head } from "../head/head.ts";
import type { GuestFailure } from "../host/guest-failure.ts";
import type { MirrorAnswer, StreamBody, StreamBufferType, StreamContext, StreamType } from "../host/stream-context.ts";
import type { QuotaAnswer } from "../quota/quota-backend.ts";
import { BufferType, StreamType as Streams } from "../spec/enums.ts";
import type { Direction } from "../stream/driver.ts";
import { UserProperties } from "../stream/user-properties.ts";
import type { TcpSlot } from "./tcp-slot.ts";

/** What a guest may do to its stream; called when no frame of that guest is on the stack. */
export interface TcpEffects {
  readonly isEnded: boolean;
  slotAt(index: number): TcpSlot;
  continueSlot(run: TcpSlot, direction: Direction): void;
  close(direction: Direction): void;
  instanceLost(run: TcpSlot, failure: GuestFailure): void;
  property(path: string): Uint8Array | null;
}

export class TcpContext implements StreamContext {
  readonly properties = new UserProperties();
  private readonly effects: TcpEffects;

  constructor(effects: TcpEffects) {
    this.effects = effects;
  }

  head(): Head | null {
    return null;
  }
  headForWrite(): Head | null {
    return null;
  }

  body(slot: number, bufferType: StreamBufferType): StreamBody | null {
    if (bufferType < BufferType.DownstreamData || this.effects.isEnded) return null;
    const held = this.effects.slotAt(slot).held[directionOf(bufferType)];
    return held.isOpen || held.isStopped ? held.buffer : null;
  }

  property(_slot: number, path: string): Uint8Array | null {
    return this.effects.property(path) ?? this.properties.get(path);
  }

  setProperty(_slot: number, path: string, value: Uint8Array): boolean {
    return !this.effects.isEnded && this.properties.set(path, value);
  }

  report(slot: number, key: string, type: number, value: Uint8Array): boolean {
    return this.effects.slotAt(slot).additions.add(key, type, value);
  }

  continueStream(slot: number, type: StreamType): void {
    if (isTcp(type)) this.effects.continueSlot(this.effects.slotAt(slot), directionOf(type));
  }

  closeStream(_slot: number, type: StreamType): void {
    if (isTcp(type)) this.effects.close(directionOf(type));
  }

  instanceLost(slot: number, failure: GuestFailure): void {
    this.effects.instanceLost(this.effects.slotAt(slot), failure);
  }

  // What only a message has: the moments of these hostcalls never come in a TCP stream, or nothing is there to act on.

  setVerdict(): void {}
  setResponse(): void {}
  quota(): QuotaAnswer | null {
    return null;
  }
  mirror(): MirrorAnswer {
    return "tooLate";
  }
  isCheckPending(): boolean {
    return false;
  }
  completeCheck(): void {}
  calloutsOver(): void {}
  /** There is nothing to reply to. */
  localResponse(): boolean {
    return true;
  }
}

function isTcp(type: StreamType): boolean {
  return type >= Streams.Downstream;
}

/** Buffer and stream types 2 and 3 are the directions 0 and 1. */
function directionOf(type: number): Direction {
  return (type - 2) as Direction;
}
