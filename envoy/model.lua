-- Finds the model that a request asks for, so that Envoy can choose a route by it.
--
--   in:   POST to one of OPERATIONS or PATTERNS; the model stands in a header, the body or the path
--   out:  headers x-ai-model and x-ai-route, which the routes look at, and dynamic metadata
--         ai.finder/call: source, path and model, one a line, which the ext_proc server is told
--   names: filter_context of the virtual host, model -> x-ai-route; a model that is not in it may
--         have a route by its prefix or by an expression
--   kept: at and below one of KEPT no model is named, but something that a backend keeps: header
--         x-ai-cluster for the backend, and `kept`, path and kind in ai.finder/call
--   passthrough: below /passthrough/ and the name of a backend, one of PASSING, any path of the
--         backend's; header x-ai-cluster, and `passthrough`, path and backend in ai.finder/call
--   session: at one of SESSIONS the query or a header names the model; x-ai-session is set, and
--         the source in ai.finder/call begins with `session/`
--   sticky: where the route asks for it, dynamic metadata ai.finder/sticky is a number that stays
--         the same while what it is made of does: a header, a member of the body, or the beginning
--         of the conversation
--   order: where the route allows it, header x-ai-backends names those of its backends that are
--         asked, one after another: dynamic metadata ai.order/priority_groups and
--         x-envoy-max-retries
--   else: both headers are removed, so that nobody reaches a provider by another path; dynamic
--         metadata ai.finder/meant is the path that the client may have meant
--
-- What it refuses, it refuses in plain words and with dynamic metadata ai.finder/refused, by which
-- local_reply_config knows that they are words for the client, in whatever form its dialect has.
-- Everything is found below the path PREFIX, too; for all that comes after, it was never there.
--
-- It scans and never parses: bytes outside of strings one by one, strings in one hop. STEPS
-- bounds the work on a hostile body; at 5 to 8 ns a step the limit is below 20 ms. The text of a
-- string costs no step, only its quotes and backslashes do.

local byte, char, find, format = string.byte, string.char, string.find, string.format
local floor, sub = math.floor, string.sub

local PREFIX = ""
local KEPT = {} -- path -> kinds of what is kept there
local BACKENDS = {} -- letters in an id -> backend
local PASSING = {} -- backend -> whether paths that nobody here knows may be asked for there
local DEFAULT = "" -- the model of who names none
local STICKY = false -- whether any route asks for a key
local ORDERED = false -- whether any route heeds a client's order of its backends
local PLACED = false -- whether the server reads the model by itself
local STEPS = 2000000
local LONGEST = 256 -- bytes of a model's name
local SEGMENTS = 12 -- of a path
local IDS = 64 -- that are looked at
local MARK = "0gw" -- before the letters of a backend in an id
local ID = "^(" .. ("[a-z2-7]"):rep(8) .. ")" .. ("[a-z2-7]"):rep(16)
local LONGEST_PATH = 48 -- bytes of a wrong path for which the nearest is looked for
local PARTS = 256 -- of a form
local MEMBERS = 64 -- of an object in which another is looked for
local MEMBER = 100 -- steps that a member takes, beside its bytes
local LEADING = 8 -- messages of instructions before the first turn
local WINDOWS, WINDOW = 64, 32 -- of a long text that are looked at, and their bytes
local HEADERS = 4096 -- bytes of a part's headers
local FIRST = 16384 -- bytes that are looked at before a large body is copied as a whole

local QUOTE, BACKSLASH, COLON, COMMA = 34, 92, 58, 44
local OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = 123, 125, 91, 93

-- The ways to the model in requests to Bedrock's knowledge bases, and to its rerankers.
local TO_ARN = {
  { retrieveAndGenerateConfiguration = true },
  { knowledgeBaseConfiguration = true, externalSourcesConfiguration = true },
  { modelArn = true },
}
local TO_RERANKER = {
  { rerankingConfiguration = true },
  { bedrockRerankingConfiguration = true },
  { modelConfiguration = true },
  { modelArn = true },
}

-- RFC 8259, section 7. PHP writes "\/".
local ESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/",
  b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

-- RFC 3629, section 4: the first byte, the bounds of the second, how many follow.
local UTF8 = {
  { 0x00, 0x7F, 0, 0, 0 },
  { 0xC2, 0xDF, 0x80, 0xBF, 1 },
  { 0xE0, 0xE0, 0xA0, 0xBF, 2 },
  { 0xE1, 0xEC, 0x80, 0xBF, 2 },
  { 0xED, 0xED, 0x80, 0x9F, 2 },
  { 0xEE, 0xEF, 0x80, 0xBF, 2 },
  { 0xF0, 0xF0, 0x90, 0xBF, 3 },
  { 0xF1, 0xF3, 0x80, 0xBF, 3 },
  { 0xF4, 0xF4, 0x80, 0x8F, 3 },
}

-- The end of the UTF-8 sequence at i, or nil where there is none.
local function sequence_end(text, i)
  local first = byte(text, i)
  for _, row in ipairs(UTF8) do
    if first >= row[1] and first <= row[2] then
      for k = 1, row[5] do
        local low, high = k == 1 and row[3] or 0x80, k == 1 and row[4] or 0xBF
        local following = byte(text, i + k)
        if not following or following < low or following > high then return nil end
      end
      return i + row[5]
    end
  end
  return nil
end

local function is_utf8(text)
  local i = 1
  while i <= #text do
    local last = sequence_end(text, i)
    if not last then return false end
    i = last + 1
  end
  return true
end

local function encode_utf8(code)
  if code < 0x80 then return char(code) end
  local tail = char(0x80 + code % 0x40)
  code = floor(code / 0x40)
  if code < 0x20 then return char(0xC0 + code) .. tail end
  tail = char(0x80 + code % 0x40) .. tail
  code = floor(code / 0x40)
  if code < 0x10 then return char(0xE0 + code) .. tail end
  return char(0xF0 + floor(code / 0x40)) .. char(0x80 + code % 0x40) .. tail
end

-- The character of the \u escape whose four digits begin at i, and where the escape ends.
local function unicode_escape(raw, i)
  local digits = raw:match("^%x%x%x%x", i)
  if not digits then return nil end
  local code = tonumber(digits, 16)
  if code < 0xD800 or code > 0xDFFF then return encode_utf8(code), i + 3 end
  local low = code <= 0xDBFF and raw:match("^\\u([dD][c-fC-F]%x%x)", i + 4)
  if not low then return nil end
  return encode_utf8(0x10000 + (code - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00), i + 9
end

-- The text of a JSON string without its quotes, or nil where an escape is wrong.
local function decode(raw)
  local parts, from = {}, 1
  while true do
    local at = find(raw, "\\", from, true)
    if not at then break end
    parts[#parts + 1] = sub(raw, from, at - 1)
    local name, last = sub(raw, at + 1, at + 1), at + 1
    local text = ESCAPES[name]
    if name == "u" then text, last = unicode_escape(raw, at + 2) end
    if not text then return nil end
    parts[#parts + 1], from = text, last + 1
  end
  parts[#parts + 1] = sub(raw, from)
  return table.concat(parts)
end

local TRUNCATED = "The request body is not valid JSON: it ends too early."
local NO_MODEL = "You must provide a model: the request body has no top-level 'model'."
local NO_MODEL_ID = "You must provide a model: the request body has no top-level 'model_id'. Name "
  .. "it there, or in the header x-ai-model."
local TOO_LONG = format("The model must not be longer than %d bytes.", LONGEST)
local NO_AGENT = "You must provide an agent: the request body has no top-level 'agent_id'."
local NO_ARN = "You must provide a model: retrieveAndGenerateConfiguration has neither a "
  .. "knowledgeBaseConfiguration nor an externalSourcesConfiguration with a 'modelArn'."
-- Member of a body -> what it lacks.
local LACKS = { model = NO_MODEL, model_id = NO_MODEL_ID, agent_id = NO_AGENT }
local TOO_COMPLEX = "The request body is too complex before its 'model': put 'model' first, or "
  .. "name the model in the header x-ai-model."
local ESCAPED = "The names of the request body's members must not hold escapes."
local COMPRESSED = "The request body must not be compressed so: send it without Content-Encoding, "
  .. "or with gzip, br or zstd."
local BOMB = "The request body is cut, or it is larger than 100 times its compressed size."
local NO_BODY = "The request has no body; it must be a JSON object."
local BAD_PATH = "The model in the path holds an invalid percent-encoding."
local NO_FORM = "The request body must be multipart/form-data, with a boundary."
local NO_OBJECT = "The request body must be a JSON object."
local NOT_A_STRING = "The 'model' of the request body must be a string."
local WHICH = "Several backends keep such things: name yours in the header x-ai-backend (%s)."
local NO_SUCH = "No backend of this name keeps such things: x-ai-backend may be %s."
local UNSIGNED = "This gateway cannot tell whose such things are: it lacks the setting "
  .. "resources.secret."
local NO_ORDER = "This model's backends cannot be chosen by x-ai-backends: leave that header out."
local NOT_THERE = "x-ai-backends names %q, which is none of this model's backends: %s."
local TOO_MANY = "x-ai-backends must name from 1 to %d backends."
local NO_QUERY = "You must name a model: as model in the query, or in the header x-ai-model."
local NO_HEADER = "Requests to this path name no model: send it in the header x-ai-model."

-- What is wrong with a name that came from a client, or nil.
local function flaw(model)
  if model == "" then return "The model must not be empty." end
  if #model > LONGEST then return TOO_LONG end
  if find(model, "[%z\1-\31\127]") then
    return "The model must not hold control characters."
  end
  if not is_utf8(model) then return "The model must be valid UTF-8." end
  return nil
end

-- Where the string ends that begins at i, or nil, and the steps used so far. Out of steps, it is
-- wherever the steps led to.
local function string_end(body, i, steps)
  local j = i
  repeat
    j = find(body, '"', j + 1, true)
    if not j then return nil, steps end
    local k = j - 1
    while byte(body, k) == BACKSLASH do k = k - 1 end
    steps = steps + j - k
  until (j - k) % 2 == 1 or steps > STEPS
  return j, steps
end

-- The model in the string that begins at `start`, or nil and what is wrong.
local function text_at(body, start)
  local last = string_end(body, start, 0)
  if not last then return nil, TRUNCATED end
  -- Six bytes, \u0041, may stand for one.
  if last - start > 6 * LONGEST then return nil, TOO_LONG end
  local model = decode(sub(body, start + 1, last - 1))
  if not model then return nil, "The 'model' of the request body holds an invalid escape." end
  return model
end

-- The model in the value after the key that ends at i, or nil and what is wrong.
local function value_after(body, i)
  local _, start = find(body, '^[ \t\r\n]*:[ \t\r\n]*"', i + 1)
  if start then return text_at(body, start) end
  local begins = find(body, "^[ \t\r\n]*:[ \t\r\n]*[^ \t\r\n]", i + 1)
  return nil, begins and NOT_A_STRING or TRUNCATED
end

-- The text of the first top-level `member` of a JSON object, or nil and what is wrong.
local function scan(body, i, member)
  local depth, at_key, steps = 0, false, 0
  while true do
    local c = byte(body, i)
    if not c then return nil, TRUNCATED end
    steps = steps + 1
    if c == QUOTE then
      local last
      last, steps = string_end(body, i, steps)
      if not last then return nil, TRUNCATED end
      if depth == 1 and at_key then
        local key = sub(body, i + 1, last - 1)
        if key == member then return value_after(body, last) end
        -- It may spell "model" for a parser; who routes and who forwards must read the same.
        if find(key, "\\", 1, true) then
          return nil, ESCAPED
        end
      end
      i = last
    elseif c == COMMA then
      at_key = true
    elseif c == COLON then
      at_key = false
    elseif c == OPEN_OBJECT or c == OPEN_ARRAY then
      depth = depth + 1
      at_key = true
    elseif c == CLOSE_OBJECT or c == CLOSE_ARRAY then
      depth = depth - 1
      if depth == 0 then return nil, LACKS[member] end
    end
    if steps > STEPS then
      return nil, TOO_COMPLEX
    end
    i = i + 1
  end
end

local function from_text(text, member)
  local start = find(text, "[^ \t\r\n]", sub(text, 1, 3) == "\239\187\191" and 4 or 1)
  if not start or byte(text, start) ~= OPEN_OBJECT then return nil, NO_OBJECT end
  return scan(text, start, member or "model")
end

-- The model that a JSON body names as its `member`, or nil and what is wrong.
local function from_json(handle, _, member)
  local body = handle:body()
  local length = body and body:length() or 0
  if length == 0 then return nil, NO_BODY end
  local model, message = from_text(body:getBytes(0, math.min(length, FIRST)), member)
  if length > FIRST and (message == TRUNCATED or message == NO_OBJECT) then
    return from_text(body:getBytes(0, length), member)
  end
  return model, message
end

-- What a request's body says in all, but not more than fits.
local function content(handle)
  local body = handle:body()
  local length = body and body:length() or 0
  return length > 0 and body:getBytes(0, length) or ""
end

-- Steps that are left for the key of a request, wherever it is looked for.
local left = 0

-- Where the string ends that begins at i, or nil.
local function text_end(text, i)
  local last, steps = string_end(text, i, 0)
  left = left - steps - 1
  return left > 0 and last or nil
end

-- Where the value that begins at i ends, or nil.
local function value_end(text, i)
  local depth = 0
  while left > 0 do
    local c = byte(text, i)
    if not c then return nil end
    if c == QUOTE then
      i = text_end(text, i)
      if not i or depth == 0 then return i end
    elseif c == OPEN_OBJECT or c == OPEN_ARRAY then
      depth = depth + 1
    elseif c == CLOSE_OBJECT or c == CLOSE_ARRAY then
      depth = depth - 1
      if depth == 0 then return i end
      if depth < 0 then return i - 1 end
    elseif c == COMMA and depth == 0 then
      return i - 1
    end
    i, left = i + 1, left - 1
  end
  return nil
end

-- The members of the object that begins at i, one after another: the key, and where its value
-- begins. What comes after a value is only looked for when it is asked for.
local function members(text, i)
  local value
  return function()
    local start
    if value then
      local last = value_end(text, value)
      start = last and text:match('^[ \t\r\n]*,[ \t\r\n]*()"', last + 1)
    else
      start = text:match('^[ \t\r\n]*{[ \t\r\n]*()"', i)
    end
    left = left - MEMBER
    local last = start and text_end(text, start)
    value = last and text:match("^[ \t\r\n]*:[ \t\r\n]*()", last + 1)
    if not value then return nil end
    return sub(text, start + 1, last - 1), value
  end
end

-- Where the value of the first of `names` begins that the object at i has, or nil and what is wrong.
local function inside(text, i, names)
  local seen = 0
  for key, at in members(text, i) do
    if names[key] then return at end
    if find(key, "\\", 1, true) then return nil, ESCAPED end
    seen = seen + 1
    if seen == MEMBERS then return nil, TOO_COMPLEX end
  end
  return nil, left > 0 and NO_ARN or TOO_COMPLEX
end

-- The model that a body names for Bedrock at the end of `way`, or nil and what is wrong.
local function from_arn(handle, _, way)
  local text = content(handle)
  if text == "" then return nil, NO_BODY end
  local at, message = text:match("^[ \t\r\n]*(){"), NO_OBJECT
  left = STEPS
  for _, names in ipairs(way) do
    if not at then return nil, message end
    at, message = inside(text, at, names)
  end
  if not at then return nil, message end
  if byte(text, at) ~= QUOTE then return nil, NOT_A_STRING end
  return text_at(text, at)
end

-- The model of a body that asks for documents to be put into order, as Bedrock's clients do it or
-- as all others do, or nil and what is wrong.
local function from_order(handle)
  local model, message = from_json(handle)
  if message ~= NO_MODEL then return model, message end
  model, message = from_arn(handle, nil, TO_RERANKER)
  return model, message == NO_ARN and NO_MODEL or message
end

-- The model that a segment of the path names, or nil and what is wrong.
local function from_path(_, segment)
  if find(segment:gsub("%%%x%x", ""), "%", 1, true) then return nil, BAD_PATH end
  return (segment:gsub("%%(%x%x)", function(digits) return char(tonumber(digits, 16)) end))
end

-- The model that a query names, or nil and what is wrong. Azure calls it a deployment.
local function from_query(path)
  local query = path:match("?(.*)$")
  local segment = query and (("&" .. query):match("&model=([^&]+)")
    or ("&" .. query):match("&deployment=([^&]+)"))
  if not segment then return nil, NO_QUERY end
  return from_path(nil, (segment:gsub("%+", " ")))
end

-- Where only a header can name the model.
local function from_nothing() return nil, NO_HEADER end

-- The value of a parameter of a header, in quotes or without.
local function parameter(text, name)
  text = ";" .. text
  return text:match(";%s*" .. name .. '="([^"]*)"') or text:match(";%s*" .. name .. "=([^;%s\"]+)")
end

-- The model that a form names as its `member`, or nil and what is wrong. Parts are found by their
-- delimiter, which no file can hold.
local function from_form(handle, _, member)
  member = member or "model"
  local said = handle:headers():get("content-type") or ""
  local boundary = said:lower():match("^multipart/form%-data%s*;") and parameter(said, "boundary")
  local body = handle:body()
  local length = body and body:length() or 0
  if length == 0 then return nil, NO_BODY end
  if not boundary then return nil, NO_FORM end
  local text = body:getBytes(0, length)
  local delimiter = "--" .. boundary
  local at = find(text, delimiter, 1, true)
  for _ = 1, PARTS do
    if not at then return nil, LACKS[member] end
    local head, content = find(text, "\r\n\r\n", at, true)
    local following = find(text, "\r\n" .. delimiter, at + #delimiter, true)
    if not head or not following or head > following then return nil, LACKS[member] end
    local headers = sub(text, at, math.min(head, at + HEADERS)):gsub("\r\n", ";")
    local disposition = headers:lower():match("content%-disposition:%s*form%-data%s*;")
    if disposition and parameter(headers, "name") == member then
      return sub(text, content + 1, math.min(following - 1, content + LONGEST + 1))
    end
    at = following + 2
  end
  return nil, LACKS[member]
end

-- The model of a body that may be a form, or JSON.
local function from_either(handle)
  local said = handle:headers():get("content-type") or ""
  if find(said:lower(), "^multipart/form%-data") then return from_form(handle) end
  return from_json(handle)
end

local BODY = { find = from_json, source = "body" }
local FORM = { find = from_form, source = "body" }
local EITHER = { find = from_either, source = "body" }
local PATH = { find = from_path, source = "path" }
local HEADER = { find = from_nothing, source = "header" }
local ARN = { find = from_arn, source = "body", member = TO_ARN }
local ORDER = { find = from_order, source = "body" }
local SPOKEN = { find = from_json, source = "body", member = "model_id" }
local AGENT = { find = from_json, source = "body", member = "agent_id" }
local HEARD = { find = from_form, source = "body", member = "model_id" }

local OPERATIONS = {
  ["/v1/chat/completions"] = BODY,
  ["/v1/completions"] = BODY,
  ["/v1/embeddings"] = BODY,
  ["/v1/images/generations"] = BODY,
  ["/v1/images/edits"] = FORM,
  ["/openai/v1/images/edits"] = FORM,
  ["/v1/images/variations"] = FORM,
  ["/openai/v1/images/variations"] = FORM,
  ["/v1/moderations"] = BODY,
  ["/v1/ocr"] = BODY,
  ["/v1/fim/completions"] = BODY,
  ["/v1/agents/completions"] = AGENT,
  ["/v1/classifications"] = BODY,
  ["/v1/chat/classifications"] = BODY,
  ["/v1/chat/moderations"] = BODY,
  ["/v1/audio/speech"] = BODY,
  ["/v1/audio/transcriptions"] = FORM,
  ["/v1/audio/translations"] = FORM,
  ["/openai/v1/audio/speech"] = BODY,
  ["/openai/v1/audio/transcriptions"] = FORM,
  ["/openai/v1/audio/translations"] = FORM,
  ["/v1/videos"] = EITHER,
  ["/openai/v1/videos"] = EITHER,
  ["/v1/responses"] = BODY,
  ["/v1/responses/input_tokens"] = BODY,
  ["/v1/responses/compact"] = BODY,
  ["/v1/interactions"] = BODY,
  ["/v1beta/interactions"] = BODY,
  ["/v1alpha/interactions"] = BODY,
  ["/v1/messages"] = BODY,
  ["/v1/messages/count_tokens"] = BODY,
  ["/anthropic/v1/messages"] = BODY,
  ["/anthropic/v1/messages/count_tokens"] = BODY,
  ["/v1/chat"] = BODY,
  ["/v2/chat"] = BODY,
  ["/v2/embed"] = BODY,
  ["/v1/embed"] = BODY,
  ["/v2/rerank"] = BODY,
  ["/v1/rerank"] = BODY,
  ["/rerank"] = ORDER,
  ["/api/chat"] = BODY,
  ["/api/embed"] = BODY,
  ["/api/embeddings"] = BODY,
  ["/api/generate"] = BODY,
  ["/api/show"] = BODY,
  ["/v1/generate"] = BODY,
  ["/v1/tokenize"] = BODY,
  ["/v1/detokenize"] = BODY,
  ["/tokenize"] = BODY,
  ["/detokenize"] = BODY,
  ["/v1/complete"] = BODY,
  ["/openai/v1/chat/completions"] = BODY,
  ["/openai/v1/completions"] = BODY,
  ["/openai/v1/embeddings"] = BODY,
  ["/openai/v1/images/generations"] = BODY,
  ["/openai/v1/moderations"] = BODY,
  ["/openai/v1/responses"] = BODY,
  ["/openai/v1/responses/input_tokens"] = BODY,
  ["/openai/v1/responses/compact"] = BODY,
  ["/openai/responses/compact"] = BODY,
  ["/openai/responses"] = BODY,
  ["/v1/speech-to-text"] = HEARD,
  ["/retrieveAndGenerate"] = ARN,
  ["/retrieveAndGenerateStream"] = ARN,
  ["/generate"] = HEADER,
  ["/generate_stream"] = HEADER,
}

-- In an order that is the same everywhere.
local PLACES = {}
for place in pairs(OPERATIONS) do PLACES[#PLACES + 1] = place end
table.sort(PLACES)

local GEMINI = {
  generateContent = true, streamGenerateContent = true, countTokens = true,
  embedContent = true, batchEmbedContents = true, predict = true, predictLongRunning = true,
}
local BEDROCK = {
  converse = true, ["converse-stream"] = true, ["count-tokens"] = true,
  invoke = true, ["invoke-with-response-stream"] = true,
  retrieveAndGenerate = true, retrieveAndGenerateStream = true, rerank = true,
}

local AZURE = {
  ["chat/completions"] = true, completions = true, embeddings = true,
  ["audio/speech"] = true, ["audio/transcriptions"] = true, ["audio/translations"] = true,
  ["images/generations"] = true, ["images/edits"] = true,
}
local PIPELINE = { ["feature-extraction"] = true }
local RANK = { rank = true }
local CLAUDE = { rawPredict = true, streamRawPredict = true }
local VOICE = {
  [""] = true, ["/stream"] = true, ["/with-timestamps"] = true, ["/stream/with-timestamps"] = true,
}
local COUNT = "count-tokens" -- stands in the place of a model
local VERTEX = "^/v1[^/]*/projects/[^/]+/locations/[^/]+/publishers/"
local EXPRESS = "^/v1[^/]*/publishers/"

-- A path with a model in it, and then one of these words; or how else the model is found there.
local PATTERNS = {
  { "^/v1%a*/models/([^/]+):(%a+)$", GEMINI },
  { "^/model/([^/]+)/([%a-]+)$", BEDROCK },
  { "^/openai/deployments/([^/]+)/([%a/]+)$", AZURE },
  { "^/models/(.+)/pipeline/([%a-]+)$", PIPELINE },
  { "^/hf%-inference/models/(.+)/pipeline/([%a-]+)$", PIPELINE },
  { VERTEX .. "google/models/([^/]+):(%a+)$", GEMINI },
  { "^/v1%a*/projects/[^/]+/locations/[^/]+/rankingConfigs/([^/]+):(rank)$", RANK, BODY },
  { EXPRESS .. "google/models/([^/]+):(%a+)$", GEMINI },
  { VERTEX .. "anthropic/models/([^/]+):(%a+)$", CLAUDE },
  { "^/v1/text%-to%-speech/([^/]+)(.*)$", VOICE, SPOKEN },
}

-- Where sessions begin, in which both sides send frames.
local SESSIONS = {
  "^/v1/realtime$", "^/openai/v1/realtime$", "^/openai/realtime$",
  "^/ws/google%.ai%.generativelanguage%.[%w.]+BidiGenerateContent%a*$",
  "^/ws/google%.cloud%.aiplatform%.[%w.]+/BidiGenerateContent$",
}

-- How the model is found at a path, and the segment that holds it, if one does.
local function operation_at(path)
  local exact = OPERATIONS[path]
  if exact then return exact end
  for _, row in ipairs(PATTERNS) do
    local segment, word = path:match(row[1])
    if row[2] == CLAUDE and segment == COUNT then return BODY, nil end
    if row[2][word] then return row[3] or PATH, segment end
  end
  return nil
end

-- What a base URL ends with that has one segment too many.
local BASES = { v1 = true, v1beta = true, v2 = true, api = true }

-- The operation that a path means which is nearly its place, the segment and the place, or nil:
-- SDKs append to a base URL that people write with and without `/v1` and with a slash at its end.
local function operation_near(path)
  local place = path:gsub("/+", "/"):gsub("(.)/$", "%1")
  local first, rest = place:match("^/([^/]*)(/.*)$")
  local ways = { place, "/v1" .. place, BASES[first] and rest }
  for i = 1, 3 do
    if ways[i] then
      local operation, segment = operation_at(ways[i])
      if operation then return operation, segment, ways[i] end
    end
  end
  return nil
end

-- Whether a session begins at a path.
local function is_session(path)
  for _, place in ipairs(SESSIONS) do
    if find(path, place) then return true end
  end
  return false
end

-- The path at which a session begins where an SDK has made nearly that of it, or nil.
local function session_near(path)
  local place = path:gsub("/+", "/"):gsub("(.)/$", "%1")
  local first, rest = place:match("^/([^/]*)(/.*)$")
  local ways = { place, "/v1" .. place, BASES[first] and rest }
  for i = 1, 3 do
    if ways[i] and is_session(ways[i]) then return ways[i] end
  end
  return nil
end

-- A path with a model in it, and a verb that makes something which is kept.
local MADE = "^/v1%a*/models/([^/]+)(:%a+)$"

-- What is kept at a path or above it: the list of its kinds, their path, and the model in it; or
-- nil. Operations are kept below a model, whichever it is; Vertex AI's things below a project.
local function kept_at(path)
  local segment, verb = path:match(MADE)
  if verb and KEPT[verb] then return KEPT[verb], path, segment end
  path = path:gsub("^(/v1%a*/models/)[^/]+(/operations/)", "%1*%2")
  path = path:gsub("^(/v1%w*/projects/)[^/]+(/locations/)[^/]+/", "%1*%2*/")
  for _ = 1, SEGMENTS do
    local kinds = KEPT[path]
    if kinds then return kinds, path end
    path = path:match("^(.+)/[^/]*$")
    if not path then return nil end
  end
  return nil
end

-- The same where an SDK has made nearly the path of it; and that path, before the model.
local function kept_near(path)
  if not next(KEPT) then return nil end
  local place = path:gsub("/+", "/"):gsub("(.)/$", "%1")
  local first, rest = place:match("^/([^/]*)(/.*)$")
  local ways = { place, "/v1" .. place, BASES[first] and rest }
  for i = 1, 3 do
    local kinds, root, segment = kept_at(ways[i] or "")
    if kinds then return kinds, root, ways[i], segment end
  end
  return nil
end

-- The backend that an id in a text leads to, or nil; `after` is what must follow the id. It is
-- only looked for: whether the id is genuine, the server knows.
local function backend_in(text, after)
  local at = 1
  for _ = 1, IDS do
    at = find(text, MARK, at, true)
    if not at then return nil end
    local code = text:match(ID .. after, at + #MARK)
    if code and BACKENDS[code] then return BACKENDS[code] end
    at = at + #MARK
  end
  return nil
end

-- A number for the bytes from i to j, made of those of the text before with `number`.
local function mixed(number, text, i, j)
  for k = i, j do number = (number * 31 + byte(text, k)) % 4294967296 end
  return number
end

-- A number for the bytes from i to j of a text: for all of them, or for some of a long one.
local function digest(text, i, j)
  local length = j - i + 1
  if length <= WINDOWS * WINDOW then return mixed(length, text, i, j) end
  local number, room = length % 4294967296, length - WINDOW
  for window = 0, WINDOWS - 1 do
    local from = i + floor(room * window / (WINDOWS - 1))
    number = mixed(number, text, from, from + WINDOW - 1)
  end
  return number
end

-- What of a message are its words; clients move marks for caches about, and wrap texts into parts.
local WORDS = {
  text = true, content = true, message = true, url = true, uri = true, data = true, bytes = true,
  fileUri = true, image_url = true, file_id = true,
}

-- A number for the words of the value that begins at i; its role; and where it ends, or nil.
local function said(text, i)
  local number, depth, key, role = 0, 0, nil, nil
  while left > 0 do
    local c = byte(text, i)
    if not c then return nil end
    if c == QUOTE then
      local last = text_end(text, i)
      if not last then return nil end
      if depth > 0 and find(text, "^[ \t\r\n]*:", last + 1) then
        key = sub(text, i + 1, last - 1)
      elseif depth == 0 or WORDS[key] then
        number = (number * 31 + digest(text, i, last)) % 4294967296
      elseif key == "role" then
        role = role or sub(text, i + 1, last - 1):lower()
      end
      if depth == 0 then return number, role, last end
      i = last
    elseif c == OPEN_OBJECT or c == OPEN_ARRAY then
      depth = depth + 1
    elseif c == CLOSE_OBJECT or c == CLOSE_ARRAY then
      depth = depth - 1
      if depth <= 0 then return number, role, i end
    elseif depth == 0 and c == COMMA then
      return number, role, i - 1
    end
    i, left = i + 1, left - 1
  end
  return nil
end

local INSTRUCTING = { system = true, developer = true }

-- A number for the messages of the list that begins at i, to the first that is no instruction; nil
-- where there are none.
local function opening(text, i)
  if byte(text, i) == QUOTE then return (said(text, i)) end
  local at, total = text:match("^%[[ \t\r\n]*()[{\"]", i), 0
  if not at then return nil end
  for _ = 1, LEADING do
    local number, role, last = said(text, at)
    if not last then return nil end
    total = (total * 31 + number) % 4294967296
    at = INSTRUCTING[role] and text:match("^[ \t\r\n]*,[ \t\r\n]*()[{\"]", last + 1)
    if not at then break end
  end
  return total
end

local INSTRUCTIONS = {
  system = true, instructions = true, systemInstruction = true, system_instruction = true,
  preamble = true,
}
local TURNS = { messages = true, contents = true, input = true, chat_history = true }
local TURN = { message = true, prompt = true } -- Cohere v1's and Ollama's last one

-- A number for how a conversation begins: what stays the same in all its turns. Nil where there is
-- none. The order in which a client's library writes members plays no part.
local function conversation(text, i, path)
  local total, turns, last = 0, nil, nil
  -- Where instructions are messages, nothing need be looked for behind those.
  local within = find(path, "chat", 1, true) and not find(path, "/v1/chat$")
  for key, at in members(text, i) do
    if INSTRUCTIONS[key] then
      total = (total + (said(text, at) or 0)) % 4294967296
    elseif TURNS[key] then
      turns = opening(text, at)
      if turns and within then break end
    elseif TURN[key] then
      last = opening(text, at)
    end
  end
  local first = turns or last
  return first and (total + first * 17) % 4294967296
end

-- A number for a member of a body, by its path; nil where it is none, or no text or number.
local function member(text, i, path)
  local name, rest = path:match("^([^.]+)%.?(.*)$")
  for key, at in members(text, i) do
    if key == name then
      if rest ~= "" then return member(text, at, rest) end
      local last = find(text, '^["%d-]', at) and value_end(text, at)
      return last and sub(text, at, last) ~= '""' and digest(text, at, last) or nil
    end
  end
  return nil
end

-- The key by which the route chooses a backend, of the places that it names; nil where a request
-- has none.
local function key_of(handle, path, places)
  local text, start
  left = STEPS
  for _, place in ipairs(places) do
    local kind, name = place:match("^(%a+):?(.*)$")
    local number
    if kind == "header" then
      local value = handle:headers():get(name)
      number = value and value ~= "" and digest(value, 1, #value)
    elseif path then
      text = text or content(handle)
      start = start or text:match("^[\239\187\191 \t\r\n]*(){")
      if start and kind == "body" then number = member(text, start, name) end
      if start and kind == "conversation" then number = conversation(text, start, path) end
    end
    if number then return format("%s %.0f", kind, number) end
  end
  return nil
end

-- Tells Envoy the key by which the route chooses, if it does. A session has no body: no path.
local function stick(handle, path)
  local places = handle:metadata():get("sticky")
  local key = places and key_of(handle, path, places)
  if key then handle:streamInfo():dynamicMetadata():set("ai.finder", "sticky", key) end
end

-- The names in a client's order, or nil and what is wrong; `known` are those it may have.
local function order_of(said, known, most)
  if not known then return nil, NO_ORDER end
  local groups = {}
  for name in said:gmatch("[^,%s]+") do
    local found = false
    for _, each in ipairs(known) do found = found or each == name end
    if not found then return nil, format(NOT_THERE, sub(name, 1, 64), table.concat(known, ", ")) end
    groups[#groups + 1] = { name = name }
    if #groups > most then break end
  end
  if #groups == 0 or #groups > most then return nil, format(TOO_MANY, most) end
  return groups
end

-- Tells Envoy whom the client wants to be asked; or what is wrong.
local function order(handle)
  local said = handle:headers():get("x-ai-backends")
  if not said then return nil end
  local route = handle:metadata()
  local groups, message = order_of(said, route:get("order"), route:get("most"))
  if not groups then return message end
  handle:streamInfo():dynamicMetadata():set("ai.order", "priority_groups", groups)
  handle:headers():replace("x-envoy-max-retries", format("%d", #groups - 1))
  handle:clearRouteCache()
end

-- The model of the first line of a file for a batch, or nil.
local function model_in_batch(text)
  if not find(text, 'name="purpose"\r\n\r\nbatch\r\n', 1, true) then return nil end
  local at = find(text, "{", find(text, 'name="file"', 1, true) or #text, true)
  local line = at and text:match("^[^\n]*", at)
  local _, start = find(line or "", '"body"%s*:%s*')
  return start and (from_text(sub(line, start + 1)))
end

-- How many letters two short texts are apart, or nothing below `bound`.
local function distance(a, b, bound)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal, least = row[0], i
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local change = byte(a, i) == byte(b, j) and 0 or 1
      row[j] = math.min(above + 1, row[j - 1] + 1, diagonal + change)
      diagonal, least = above, math.min(least, row[j])
    end
    if least >= bound then return bound end
  end
  return row[#b]
end

-- The operation whose path is most like this one, if any is.
local function nearest(path)
  local found, least = nil, floor(#path / 3) + 1
  if #path > LONGEST_PATH then return nil end
  for _, place in ipairs(PLACES) do
    local apart = distance(path, place, least)
    if apart < least then found, least = place, apart end
  end
  return found
end

-- The path without PREFIX and where that is found, the request's, too.
local function without_prefix(headers)
  local path = headers:get(":path") or ""
  local length = #PREFIX
  if length == 0 or sub(path, 1, length + 1) ~= PREFIX .. "/" then return path, false end
  path = sub(path, length + 1)
  headers:replace(":path", path)
  return path, true
end

-- Whether Envoy has unpacked the body: it stops at a hundred times its size, and says nothing.
local function is_unpacked(handle)
  return handle:metadata():get("unpacked")
end

-- A header wins over the body and the path; some clients can set only headers.
local function from_header(headers)
  for _, name in ipairs({ "x-ai-model", "x-ai-eg-model" }) do
    local model = headers:get(name)
    if model and model ~= "" then return model end
  end
  return nil
end

local function is_compressed(headers)
  local encoding = headers:get("content-encoding")
  return encoding and encoding ~= "" and encoding:lower() ~= "identity"
end

local function refuse(handle, message, status)
  handle:streamInfo():dynamicMetadata():set("ai.finder", "refused", true)
  handle:respond({ [":status"] = status, ["content-type"] = "text/plain" }, message)
end

-- gRPC refuses strings that are not UTF-8.
local function ascii(path)
  return (path:gsub("[\128-\255]", function(c) return format("%%%02X", byte(c)) end))
end

local function names(backends)
  return table.concat(backends, ", ")
end

-- The kind of a path at which there are several, by the header that tells them apart.
local function kind_of(kinds, headers)
  for _, kind in ipairs(kinds) do
    if kind.header == "" or headers:get(kind.header) then return kind end
  end
  return nil
end

-- Whether a backend keeps things of this kind.
local function keeps(kind, backend)
  for _, name in ipairs(kind.backends) do
    if name == backend then return true end
  end
  return false
end

-- How many segments a path has.
local function depth(path)
  return select(2, path:gsub("/+$", ""):gsub("/+", ""))
end

-- The backend for a request about what is kept, or nil and what is wrong, or a model instead.
local function keeper(handle, kind, path, below, segment)
  local backends = kind.backends
  local headers = handle:headers()
  local named = headers:get("x-ai-backend")
  if kind.merged and not below and headers:get(":method") == "GET" and (named or "") == "" then
    return kind.merged -- who asks the others, too
  end
  local backend = backend_in(path, "%f[^%w]")
  if backend then return backend end
  if named and named ~= "" then
    if keeps(kind, named) then return named end
    return nil, format(NO_SUCH, names(backends)), "404"
  end
  if #backends == 1 then return backends[1] end
  local said, length = headers:get("content-type") or "", headers:get("content-length")
  -- No body of nobody's is waited for: files may come without a client's key.
  if not kind.raw and headers:get(":method") == "POST" and length ~= "0" and not is_compressed(headers) then
    local text = content(handle)
    backend = backend_in(text, '["\r]') -- in a form it ends with its line
    if backend then return backend end
    local model = segment and from_path(nil, segment)
      or find(said:lower(), "^multipart/form%-data") and model_in_batch(text)
    if model and not flaw(model) then return nil, nil, nil, model end
  end
  if kind.default then return kind.default end
  -- An id that leads nowhere is not found, at whichever backend.
  if below and next(BACKENDS) then return backends[1] end
  return nil, format(WHICH, names(backends)), "400"
end

-- Says in headers which model is asked for, and which route is its; nil: none.
local function lead(handle, model)
  local headers = handle:headers()
  local route = model and handle:filterContext():get(model)
  if model then headers:replace("x-ai-model", model) else headers:remove("x-ai-model") end
  if route then headers:replace("x-ai-route", route) else headers:remove("x-ai-route") end
end

-- A request about what a backend keeps.
local function keep(handle, kinds, path, root, segment)
  local kind = kind_of(kinds, handle:headers())
  if not kind then return false end
  if kind.unsigned then
    refuse(handle, UNSIGNED, "404")
    return true
  end
  local below = depth(root) < depth(path:match("^[^?]*"))
  local backend, message, status, model = keeper(handle, kind, path, below, segment)
  if message then
    refuse(handle, message, status)
    return true
  end
  local headers = handle:headers() -- waiting for the body ended those before
  if kind.asks and kind.asks[backend] and headers:get(":method") == "GET" then
    -- The server makes a POST of it; no filter after this one can give it a body.
    handle:body(true):setBytes("{}")
    headers = handle:headers()
  end
  lead(handle, model)
  if not model then headers:replace("x-ai-cluster", "ai/" .. backend) end
  local call = "kept\n" .. ascii(path) .. "\n" .. kind.name
  handle:streamInfo():dynamicMetadata():set("ai.finder", "call", call)
  handle:clearRouteCache()
  return true
end

-- As if a header had named the model of who names none; or what is wrong.
local function by_default(message)
  if DEFAULT == "" then return "body", nil, message end
  return "header", DEFAULT, nil
end

-- A request for a session, at a path of its own.
local function begin(handle, path)
  local headers = handle:headers()
  local model, message = from_header(headers), nil
  local source = model and "header" or "query"
  if not model then model, message = from_query(path) end
  if message == NO_QUERY then source, model, message = by_default(message) end
  message = message or flaw(model)
  if message then return refuse(handle, message, "400") end
  headers:replace(":path", path)
  lead(handle, model)
  headers:replace("x-ai-session", "1")
  local call = "session/" .. source .. "\n" .. ascii(path) .. "\n" .. model
  handle:streamInfo():dynamicMetadata():set("ai.finder", "call", call)
  handle:clearRouteCache()
  if STICKY then stick(handle, nil) end
end

-- A request that goes to the backend in its path as it is.
local function pass(handle, backend, path)
  local headers = handle:headers()
  lead(handle, nil)
  headers:replace("x-ai-cluster", "ai/" .. backend)
  local call = "passthrough\n" .. ascii(path) .. "\n" .. backend
  handle:streamInfo():dynamicMetadata():set("ai.finder", "call", call)
  handle:clearRouteCache()
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path, moved = without_prefix(headers)
  local operation, segment, place
  local method, bare = headers:get(":method"), path:match("^[^?]*")
  local upgrade = headers:get("upgrade")
  if upgrade and method == "GET" and upgrade:lower() == "websocket" then
    local session = session_near(bare)
    if session then return begin(handle, session .. sub(path, #bare + 1)) end
  end
  local backend, rest = path:match("^/passthrough/([^/?]+)(/.*)$")
  if backend and PASSING[backend] and not upgrade then return pass(handle, backend, rest) end
  if method == "POST" and not upgrade then
    operation, segment = operation_at(bare)
    if not operation and not kept_at(bare) then
      operation, segment, place = operation_near(bare)
    end
    if place then
      path = place .. sub(path, #bare + 1)
      headers:replace(":path", path)
    end
  end
  if not operation and not upgrade then
    local kinds, root, model = kept_at(bare)
    if not kinds then
      kinds, root, place, model = kept_near(bare)
      if place then
        path = place .. sub(path, #bare + 1)
        headers:replace(":path", path)
      end
    end
    if kinds and keep(handle, kinds, path, root, model) then return end
  end
  if not operation then
    local meant = OPERATIONS[bare] and bare or method == "POST" and nearest(bare)
    if meant then handle:streamInfo():dynamicMetadata():set("ai.finder", "meant", meant) end
    if moved or headers:get("x-ai-model") or headers:get("x-ai-route") then
      lead(handle, nil)
      handle:clearRouteCache()
    end
    return
  end
  if PLACED then
    local pinned = next(BACKENDS) and operation.find ~= from_form and backend_in(content(handle), '["\r]')
    if pinned then handle:headers():replace("x-ai-cluster", "ai/" .. pinned) end
    return
  end
  local source, model, message = "header", from_header(headers), nil
  if not model then
    if is_compressed(headers) then return refuse(handle, COMPRESSED, "415") end
    source = operation.source
    model, message = operation.find(handle, segment, operation.member)
    if message == NO_MODEL or message == NO_MODEL_ID or message == NO_ARN or message == NO_HEADER then
      source, model, message = by_default(message)
    end
  end
  if message == TRUNCATED and is_unpacked(handle) then return refuse(handle, BOMB, "413") end
  message = message or flaw(model)
  if message then return refuse(handle, message, "400") end
  lead(handle, model)
  -- What a backend keeps can only be used there.
  backend = operation.find ~= from_form and next(BACKENDS) and backend_in(content(handle), '["\r]')
  if backend then handle:headers():replace("x-ai-cluster", "ai/" .. backend) end
  local call = source .. "\n" .. ascii(path) .. "\n" .. model
  handle:streamInfo():dynamicMetadata():set("ai.finder", "call", call)
  handle:clearRouteCache()
  message = ORDERED and not backend and order(handle)
  if message then return refuse(handle, message, "400") end
  if STICKY then stick(handle, path:match("^[^?]*")) end
end
