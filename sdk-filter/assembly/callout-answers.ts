// What comes from outside for callouts, handed to whoever asked: the stream's object, or the plugin. Only what a filter
// overrides is exported and compiled (compile/unused-callbacks.ts).

import { askerOf, isCall } from "./callout-table";
import { Body } from "./body";
import { BufferType, MapType } from "./generated/enums";
import { Headers } from "./headers";
import { HttpResponses } from "./http-callout";
import { pluginOf, streamOf } from "./registration";

export function httpAnswered(root: u32, id: u32, headers: i32): void {
  const asker = askerOf(id, true);
  if (asker === null) return;
  const response = HttpResponses.only;
  response.failed = headers == 0;
  if (!asker.isStream) return pluginOf(root).onHttpResponse(id, response);
  const stream = streamOf(asker.context);
  if (stream !== null) stream.onHttpResponse(id, response);
}

/** Views of what a gRPC peer sends; the host knows which. */
class Received {
  @lazy static readonly message: Body = new Body(BufferType.GrpcReceiveBuffer);
  @lazy static readonly initialMetadata: Headers = new Headers(MapType.GrpcReceiveInitialMetadata);
  @lazy static readonly trailingMetadata: Headers = new Headers(MapType.GrpcReceiveTrailingMetadata);
}

export function grpcReceived(root: u32, id: u32): void {
  const asker = askerOf(id, isCall(id));
  if (asker === null) return;
  const message = Received.message.read();
  if (!asker.isStream) return pluginOf(root).onGrpcMessage(id, message);
  const stream = streamOf(asker.context);
  if (stream !== null) stream.onGrpcMessage(id, message);
}

export function grpcClosed(root: u32, id: u32, status: i32): void {
  const asker = askerOf(id, true);
  if (asker === null) return;
  if (!asker.isStream) return pluginOf(root).onGrpcClose(id, status);
  const stream = streamOf(asker.context);
  if (stream !== null) stream.onGrpcClose(id, status);
}

export function grpcBegan(root: u32, id: u32): void {
  const asker = askerOf(id, false);
  if (asker === null) return;
  const metadata = Received.initialMetadata;
  if (!asker.isStream) return pluginOf(root).onGrpcMetadata(id, metadata);
  const stream = streamOf(asker.context);
  if (stream !== null) stream.onGrpcMetadata(id, metadata);
}

export function grpcTrailed(root: u32, id: u32): void {
  const asker = askerOf(id, false);
  if (asker === null) return;
  const metadata = Received.trailingMetadata;
  if (!asker.isStream) return pluginOf(root).onGrpcTrailers(id, metadata);
  const stream = streamOf(asker.context);
  if (stream !== null) stream.onGrpcTrailers(id, metadata);
}
