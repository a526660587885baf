-- What wrk does for a benchmark: POSTs with a body of the length in its first argument, else GETs; and it tells p99.9, which it
-- knows and does not print.

function init(args)
  if args[1] then
    wrk.method = "POST"
    wrk.body = string.rep("x", tonumber(args[1]))
  end
end

function done(summary, latency)
  print(string.format("  99.9%% %dus", latency:percentile(99.9)))
end
