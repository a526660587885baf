// The functions the host calls (proxy-wasm 0.2.1 and policy 1), for a filter's entry to export. Each begins with the
// arena emptied and ends in the filter's class. The build leaves out those whose method nobody overrides: the last
// comment of each line names it.

import { allocate, beginCallback } from "./arena";
import { grpcBegan, grpcClosed, grpcReceived, grpcTrailed, httpAnswered } from "./callout-answers";
import { ForeignArguments } from "./foreign-function";
import { createPlugin, createStream, pluginOf, removeContext, streamOf } from "./registration";

export function proxy_abi_version_0_2_1(): void {}
export function sluice_policy_abi_version_1(): void {}

/** The host's way to hand over bytes; see arena.ts. The one export that is entered while a hostcall runs. */
export function proxy_on_memory_allocate(size: u32): usize {
  return allocate(size);
}

export function proxy_on_context_create(id: u32, parent: u32): void {
  beginCallback(0);
  if (parent == 0) createPlugin(id);
  else createStream(id, parent);
}

export function proxy_on_configure(root: u32, configurationBytes: i32): bool {
  beginCallback(0);
  return pluginOf(root).start(configurationBytes);
}

export function proxy_on_tick(root: u32): void {
  beginCallback(0);
  pluginOf(root).tick();
}

export function policy_on_check(stream: u32): i32 {
  beginCallback(stream);
  return pluginOf(stream).check();
}

export function policy_on_report(stream: u32): void {
  // The stream is over: answers to what is asked now are the plugin's.
  beginCallback(0);
  pluginOf(stream).report();
}

export function proxy_on_http_call_response(root: u32, id: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
  beginCallback(0);
  httpAnswered(root, id, headers);
}

export function proxy_on_grpc_receive_initial_metadata(root: u32, id: u32, count: i32): void {
  beginCallback(0);
  grpcBegan(root, id);
}

export function proxy_on_grpc_receive(root: u32, id: u32, messageBytes: i32): void {
  beginCallback(0);
  grpcReceived(root, id);
}

export function proxy_on_grpc_receive_trailing_metadata(root: u32, id: u32, count: i32): void {
  beginCallback(0);
  grpcTrailed(root, id);
}

export function proxy_on_grpc_close(root: u32, id: u32, status: i32): void {
  beginCallback(0);
  grpcClosed(root, id, status);
}

export function proxy_on_queue_ready(root: u32, queue: u32): void {
  beginCallback(0);
  pluginOf(root).onQueueReady(queue);
}

export function proxy_on_foreign_function(context: u32, id: u32, argumentsBytes: i32): void {
  beginCallback(0);
  pluginOf(context).onForeignFunction(id, ForeignArguments.buffer.read());
}

export function proxy_on_request_headers(id: u32, count: i32, endOfStream: bool): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.requestHeaders(endOfStream);
}

export function proxy_on_request_body(id: u32, bodyBytes: i32, endOfStream: bool): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.requestBody(bodyBytes, endOfStream);
}

export function proxy_on_request_trailers(id: u32, count: i32): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.requestTrailers();
}

export function proxy_on_response_headers(id: u32, count: i32, endOfStream: bool): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.responseHeaders(endOfStream);
}

export function proxy_on_response_body(id: u32, bodyBytes: i32, endOfStream: bool): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.responseBody(bodyBytes, endOfStream);
}

export function proxy_on_response_trailers(id: u32, count: i32): i32 {
  beginCallback(id);
  const stream = streamOf(id);
  return stream === null ? 0 : stream.responseTrailers();
}

export function proxy_on_log(id: u32): void {
  beginCallback(id);
  const stream = streamOf(id);
  if (stream !== null) stream.log();
}

export function proxy_on_done(id: u32): bool {
  beginCallback(id);
  const stream = streamOf(id);
  if (stream !== null) stream.done();
  return true;
}

export function proxy_on_delete(id: u32): void {
  beginCallback(id);
  removeContext(id);
}
