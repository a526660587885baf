-- The policy of the filters in Lua, for nginx: the rules of rbac-deployment.ts, a rate limit by x-user (GCRA, as ours), one
-- response field. Written as somebody who knows nginx would: tables made once, no allocation that can be left out.

local ngx = ngx
local var = ngx.var
local buckets = ngx.shared.buckets
local sub = string.sub

local RATE_PER_SECOND = 1e9
local BURST = 1e9
local INTERVAL = 1 / RATE_PER_SECOND
local TOLERANCE = BURST * INTERVAL

local policy = {}

local function is_denied(method, path, role)
  if (sub(path, 1, 10) == "/internal/" or sub(path, 1, 7) == "/admin/") and role ~= "admin" then return true end
  return (method == "DELETE" or method == "PUT") and sub(var.remote_addr, 1, 3) ~= "10."
end

local function is_allowed(method, path, role)
  if method == "POST" then return sub(path, 1, 8) == "/orders/" end
  return method == "GET" and (role == "guest" or role == "admin")
end

local function has_room(user)
  local now = ngx.now()
  local due = buckets:get(user) or now
  if due < now then due = now end
  if due - now > TOLERANCE then return false end
  buckets:set(user, due + INTERVAL)
  return true
end

function policy.check()
  local method, path, role = ngx.req.get_method(), var.uri, var.http_x_role
  if is_denied(method, path, role) or not is_allowed(method, path, role) then return ngx.exit(403) end
  if not has_room(var.http_x_user or "") then return ngx.exit(429) end
end

function policy.respond()
  ngx.header["x-policy"] = "checked"
end

return policy
