// Every hostcall by its row in abi/spec; the types that the specification generates compare both ways.

import type { EnvHostcalls, PolicyHostcalls } from "../generated/imports.ts";
import { POLICY_TABLE } from "./policy-table.ts";
import { proxyAddHeaderMapValue } from "./proxy-add-header-map-value.ts";
import { proxyCallForeignFunction } from "./proxy-call-foreign-function.ts";
import { proxyClearRouteCache } from "./proxy-clear-route-cache.ts";
import { proxyCloseStream } from "./proxy-close-stream.ts";
import { proxyContinueRequest } from "./proxy-continue-request.ts";
import { proxyContinueResponse } from "./proxy-continue-response.ts";
import { proxyContinueStream } from "./proxy-continue-stream.ts";
import { proxyDefineMetric } from "./proxy-define-metric.ts";
import { proxyDequeueSharedQueue } from "./proxy-dequeue-shared-queue.ts";
import { proxyDone } from "./proxy-done.ts";
import { proxyEnqueueSharedQueue } from "./proxy-enqueue-shared-queue.ts";
import { proxyGetBufferBytes } from "./proxy-get-buffer-bytes.ts";
import { proxyGetBufferStatus } from "./proxy-get-buffer-status.ts";
import { proxyGetConfiguration } from "./proxy-get-configuration.ts";
import { proxyGetCurrentTimeNanoseconds } from "./proxy-get-current-time-nanoseconds.ts";
import { proxyGetHeaderMapPairs } from "./proxy-get-header-map-pairs.ts";
import { proxyGetHeaderMapSize } from "./proxy-get-header-map-size.ts";
import { proxyGetHeaderMapValue } from "./proxy-get-header-map-value.ts";
import { proxyGetLogLevel } from "./proxy-get-log-level.ts";
import { proxyGetMetric } from "./proxy-get-metric.ts";
import { proxyGetProperty } from "./proxy-get-property.ts";
import { proxyGetSharedData } from "./proxy-get-shared-data.ts";
import { proxyGetStatus } from "./proxy-get-status.ts";
import { proxyGrpcCall } from "./proxy-grpc-call.ts";
import { proxyGrpcCancel } from "./proxy-grpc-cancel.ts";
import { proxyGrpcClose } from "./proxy-grpc-close.ts";
import { proxyGrpcSend } from "./proxy-grpc-send.ts";
import { proxyGrpcStream } from "./proxy-grpc-stream.ts";
import { proxyHttpCall } from "./proxy-http-call.ts";
import { proxyIncrementMetric } from "./proxy-increment-metric.ts";
import { proxyLog } from "./proxy-log.ts";
import { proxyRecordMetric } from "./proxy-record-metric.ts";
import { proxyRegisterSharedQueue } from "./proxy-register-shared-queue.ts";
import { proxyRemoveHeaderMapValue } from "./proxy-remove-header-map-value.ts";
import { proxyReplaceHeaderMapValue } from "./proxy-replace-header-map-value.ts";
import { proxyResolveSharedQueue } from "./proxy-resolve-shared-queue.ts";
import { proxySendLocalResponse } from "./proxy-send-local-response.ts";
import { proxySetBufferBytes } from "./proxy-set-buffer-bytes.ts";
import { proxySetEffectiveContext } from "./proxy-set-effective-context.ts";
import { proxySetHeaderMapPairs } from "./proxy-set-header-map-pairs.ts";
import { proxySetProperty } from "./proxy-set-property.ts";
import { proxySetSharedData } from "./proxy-set-shared-data.ts";
import { proxySetTickPeriodMilliseconds } from "./proxy-set-tick-period-milliseconds.ts";

/** Checked against the signatures that the specification generates. */
export const HOSTCALL_TABLE: Readonly<EnvHostcalls & PolicyHostcalls> = {
  ...POLICY_TABLE,
  proxy_add_header_map_value: proxyAddHeaderMapValue,
  proxy_call_foreign_function: proxyCallForeignFunction,
  proxy_clear_route_cache: proxyClearRouteCache,
  proxy_close_stream: proxyCloseStream,
  proxy_continue_request: proxyContinueRequest,
  proxy_continue_response: proxyContinueResponse,
  proxy_continue_stream: proxyContinueStream,
  proxy_define_metric: proxyDefineMetric,
  proxy_dequeue_shared_queue: proxyDequeueSharedQueue,
  proxy_done: proxyDone,
  proxy_enqueue_shared_queue: proxyEnqueueSharedQueue,
  proxy_get_buffer_bytes: proxyGetBufferBytes,
  proxy_get_buffer_status: proxyGetBufferStatus,
  proxy_get_configuration: proxyGetConfiguration,
  proxy_get_current_time_nanoseconds: proxyGetCurrentTimeNanoseconds,
  proxy_get_header_map_pairs: proxyGetHeaderMapPairs,
  proxy_get_header_map_size: proxyGetHeaderMapSize,
  proxy_get_header_map_value: proxyGetHeaderMapValue,
  proxy_get_log_level: proxyGetLogLevel,
  proxy_get_metric: proxyGetMetric,
  proxy_get_property: proxyGetProperty,
  proxy_get_shared_data: proxyGetSharedData,
  proxy_get_status: proxyGetStatus,
  proxy_grpc_call: proxyGrpcCall,
  proxy_grpc_cancel: proxyGrpcCancel,
  proxy_grpc_close: proxyGrpcClose,
  proxy_grpc_send: proxyGrpcSend,
  proxy_grpc_stream: proxyGrpcStream,
  proxy_http_call: proxyHttpCall,
  proxy_increment_metric: proxyIncrementMetric,
  proxy_log: proxyLog,
  proxy_record_metric: proxyRecordMetric,
  proxy_register_shared_queue: proxyRegisterSharedQueue,
  proxy_remove_header_map_value: proxyRemoveHeaderMapValue,
  proxy_replace_header_map_value: proxyReplaceHeaderMapValue,
  proxy_resolve_shared_queue: proxyResolveSharedQueue,
  proxy_send_local_response: proxySendLocalResponse,
  proxy_set_buffer_bytes: proxySetBufferBytes,
  proxy_set_effective_context: proxySetEffectiveContext,
  proxy_set_header_map_pairs: proxySetHeaderMapPairs,
  proxy_set_property: proxySetProperty,
  proxy_set_shared_data: proxySetSharedData,
  proxy_set_tick_period_milliseconds: proxySetTickPeriodMilliseconds,
};
