-- What follows knows no offset: everything comes from the tables above.

-- A number at {offset, size}; bytes that are missing count as 0.
local function number(buffer, place)
  local value = 0
  for at = place[1], place[1] + place[2] - 1 do
    value = value * 256 + (at < buffer:len() and buffer(at, 1):uint() or 0)
  end
  return value
end

-- The layout that bytes have, and whether it is of their own.
local function layout_of(format, form, buffer)
  local known = true
  while type(form) == "table" do
    local case = form.cases[number(buffer, form.by)]
    known = case ~= nil
    form = case or form.otherwise
  end
  return format.layouts[form], known
end

local KINDS = {
  [1] = ProtoField.uint8, [2] = ProtoField.uint16, [3] = ProtoField.uint24, [4] = ProtoField.uint32, [8] = ProtoField.uint64,
}

local function proto_field(filter, field)
  if field.ether then return ProtoField.ether(filter, field.name) end
  local kind = KINDS[field.size]
  if kind == nil then return ProtoField.bytes(filter, field.name) end
  if field.values then return kind(filter, field.name, base.HEX, field.values) end
  return kind(filter, field.name, base.HEX_DEC)
end

local function dissector_of(format)
  local proto = Proto(format.proto, "VNIC " .. format.title)
  local fields = {}
  for index, field in ipairs(format.fields) do fields[index] = proto_field(format.proto .. "." .. field.filter, field) end
  local reserved_field = ProtoField.bytes(format.proto .. ".reserved", "reserved")
  local function named(name, words, group, severity)
    return ProtoExpert.new(format.proto .. ".expert." .. name, words, group, severity)
  end
  local wrong_size = named("size", "wrong size", expert.group.MALFORMED, expert.severity.ERROR)
  local outside = named("table", "a table is outside the buffer", expert.group.MALFORMED, expert.severity.ERROR)
  local unknown = named("value", "unknown value", expert.group.MALFORMED, expert.severity.WARN)
  local nameless = named("layout", "no layout is known", expert.group.UNDECODED, expert.severity.WARN)
  local not_zero = named("reserved", "reserved bytes are not 0", expert.group.PROTOCOL, expert.severity.NOTE)
  local all = { reserved_field }
  for _, field in ipairs(fields) do all[#all + 1] = field end
  proto.fields = all
  proto.experts = { wrong_size, outside, unknown, nameless, not_zero }
  if format.queues then
    local choices = {}
    for index, queue in ipairs(format.queues) do choices[index] = { index, queue.name, index } end
    proto.prefs.queue = Pref.enum("Elements of sub-CRQs are of", 1, "an element does not say what queue it is on", choices)
  end

  local function check_size(branch, layout, buffer)
    if layout.least == nil then
      if buffer:len() ~= layout.size then
        branch:add_proto_expert_info(wrong_size, buffer:len() .. " bytes instead of " .. layout.size)
      end
    elseif buffer:len() < layout.least then
      branch:add_proto_expert_info(wrong_size, buffer:len() .. " bytes, at least " .. layout.least .. " are needed")
    elseif number(buffer, layout.length) ~= buffer:len() then
      local said = string.format("%.0f", number(buffer, layout.length))
      branch:add_proto_expert_info(wrong_size, "the buffer says that it has " .. said .. " bytes, and has " .. buffer:len())
    end
  end

  local function add_reserved(branch, layout, buffer)
    for _, place in ipairs(layout.reserved) do
      local size = math.min(place[2], buffer:len() - place[1])
      if size > 0 then
        local range = buffer(place[1], size)
        if range:bytes():tohex():find("[^0]") then
          branch:add(reserved_field, range):add_proto_expert_info(not_zero)
        end
      end
    end
  end

  local function add_table(branch, entries, buffer)
    local count, start = number(buffer, entries.number), number(buffer, entries.offset)
    if start + count * entries.entry > buffer:len() then
      branch:add_proto_expert_info(outside, entries.name .. ": outside the buffer")
      return
    end
    for entry = 0, count - 1 do
      branch:add(fields[entries.field], buffer(start + entry * entries.entry, entries.entry))
    end
  end

  function proto.dissector(buffer, pinfo, tree)
    if buffer:len() == 0 then return end
    local form = format.form or format.queues[proto.prefs.queue].form
    local layout, known = layout_of(format, form, buffer)
    pinfo.cols.protocol = "VNIC " .. format.title
    pinfo.cols.info = layout.name
    local branch = tree:add(proto, buffer(), "VNIC " .. format.title .. ": " .. layout.name)
    check_size(branch, layout, buffer)
    if not known then branch:add_proto_expert_info(nameless) end
    for _, place in ipairs(layout.fields) do
      local field = format.fields[place.field]
      if place[1] + place[2] <= buffer:len() then
        local item = branch:add(fields[place.field], buffer(place[1], place[2]))
        if field.values and field.values[number(buffer, place)] == nil then item:add_proto_expert_info(unknown) end
      end
    end
    add_reserved(branch, layout, buffer)
    for _, entries in ipairs(layout.tables) do add_table(branch, entries, buffer) end
  end

  return proto
end

local steps = Proto("vnic.step", "VNIC step")
local line = ProtoField.string("vnic.step.line", "line")
steps.fields = { line }
function steps.dissector(buffer, pinfo, tree)
  if buffer:len() == 0 then return end
  local words = buffer():string(ENC_UTF_8)
  pinfo.cols.protocol = "VNIC step"
  pinfo.cols.info = words
  tree:add(steps, buffer(), "VNIC step"):add(line, buffer(), words)
end

local encapsulations = DissectorTable.get("wtap_encap")
encapsulations:add(wtap_encaps.USER0 + STEP, steps)
for _, format in ipairs(FORMATS) do
  encapsulations:add(wtap_encaps.USER0 + format.link, dissector_of(format))
end
