// Types of listening-sockets.js, for its test.

/** What Node's undocumented call answers: a handle, or the number of an error. */
type CreateHandle = (host: string, port: number, family: number, descriptor: number, flags: number) => object | number;

export class ListeningSockets {
  constructor(createHandle?: CreateHandle | null);
  readonly createHandle: CreateHandle | null;
  readonly kind: "handles" | "addresses";
  open(
    listeners: readonly { name: string; host: string; port: number }[],
    workers: number,
  ): Promise<Record<string, number>>;
  handle(listener: string, worker: number): object | undefined;
  close(): void;
}
