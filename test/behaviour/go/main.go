// The behaviour filter with proxy-wasm-go-sdk. What each behaviour does is in ../cases.ts; the guests do the same
// under the same names. The SDK has no gRPC, so that behaviour is missing.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
)

const (
	tickMs    = 100
	callMs    = 1000
	queueName = "behaviour"
)

func main() {}

func init() {
	proxywasm.SetPluginContext(func(uint32) types.PluginContext { return &plugin{} })
}

type plugin struct {
	types.DefaultPluginContext
	label    string
	queue    uint32
	requests proxywasm.MetricCounter
	level    proxywasm.MetricGauge
	sizes    proxywasm.MetricHistogram
}

func (p *plugin) OnPluginStart(int) types.OnPluginStartStatus {
	configuration, err := proxywasm.GetPluginConfiguration()
	label, found := labelOf(string(configuration))
	if err != nil || !found {
		return types.OnPluginStartStatusFailed
	}
	p.label = label
	must(proxywasm.SetTickPeriodMilliSeconds(tickMs))
	p.queue, err = proxywasm.RegisterSharedQueue(queueName)
	must(err)
	p.requests = proxywasm.DefineCounterMetric("behaviour.requests")
	p.level = proxywasm.DefineGaugeMetric("behaviour.level")
	p.sizes = proxywasm.DefineHistogramMetric("behaviour.sizes")
	return types.OnPluginStartStatusOK
}

func (p *plugin) OnTick() {
	ticks, cas := sharedNumber("ticks")
	_ = proxywasm.SetSharedData("ticks", decimal(ticks+1), cas)
	held, _ := sharedNumber("held")
	if held == 0 {
		return
	}
	must(proxywasm.SetSharedData("held", []byte("0"), 0))
	must(proxywasm.SetEffectiveContext(uint32(held)))
	must(proxywasm.ReplaceHttpRequestHeader("x-held", "yes"))
	must(proxywasm.ResumeHttpRequest())
}

func (p *plugin) OnQueueReady(queue uint32) {
	for {
		item, err := proxywasm.DequeueSharedQueue(queue)
		if err != nil {
			return
		}
		consumed, _ := sharedNumber("consumed")
		must(proxywasm.SetSharedData("consumed", decimal(consumed+1), 0))
		must(proxywasm.SetSharedData("last item", item, 0))
	}
}

func (p *plugin) NewTcpContext(uint32) types.TcpContext {
	return &connection{}
}

// Asked first; without one the SDK asks for a connection's.
func (p *plugin) NewHttpContext(id uint32) types.HttpContext {
	if p.label == "tcp" {
		return nil
	}
	return &stream{id: id, plugin: p}
}

type stream struct {
	types.DefaultHttpContext
	id        uint32
	plugin    *plugin
	behaviour string
}

func (s *stream) OnHttpRequestHeaders(int, bool) types.Action {
	s.behaviour = requestHeader("x-behaviour")
	switch s.behaviour {
	case "configuration":
		setRequestHeader("x-label", s.plugin.label)
	case "headers":
		editRequestHeaders()
	case "body":
		must(proxywasm.RemoveHttpRequestHeader("content-length"))
	case "reply":
		headers := [][2]string{{"x-reply", "one"}, {"x-reply", "two"}}
		must(proxywasm.SendHttpResponse(418, headers, []byte("short and stout"), -1))
		return types.ActionPause
	case "timer":
		ticks, _ := sharedNumber("ticks")
		setRequestHeader("x-ticks", strconv.Itoa(ticks))
	case "hold":
		must(proxywasm.SetSharedData("held", decimal(int(s.id)), 0))
		return types.ActionPause
	case "shared":
		countVisit()
	case "enqueue":
		must(proxywasm.EnqueueSharedQueue(s.plugin.queue, []byte(requestHeader("x-item"))))
	case "consumed":
		consumed, _ := sharedNumber("consumed")
		last, _, _ := proxywasm.GetSharedData("last item")
		setRequestHeader("x-consumed", fmt.Sprintf("%d:%s", consumed, last))
	case "callout":
		callOut()
		return types.ActionPause
	case "foreign":
		callForeign()
	case "properties":
		showProperties()
	case "metrics":
		s.plugin.count()
	case "environment":
		setRequestHeader("x-colour", os.Getenv("COLOUR"))
	case "clock":
		setRequestHeader("x-now", strconv.FormatInt(time.Now().Unix(), 10))
	case "trap":
		panic("on purpose")
	case "log":
		proxywasm.LogDebug("a debug line")
		proxywasm.LogInfo("an info line")
		proxywasm.LogWarn("a warn line")
		proxywasm.LogError("an error line")
	}
	return types.ActionContinue
}

func (s *stream) OnHttpRequestBody(size int, endOfStream bool) types.Action {
	if s.behaviour != "body" {
		return types.ActionContinue
	}
	if !endOfStream {
		return types.ActionPause
	}
	body, _ := proxywasm.GetHttpRequestBody(0, size)
	must(proxywasm.ReplaceHttpRequestBody(fmt.Appendf(nil, "[%s]", body)))
	return types.ActionContinue
}

func (s *stream) OnHttpRequestTrailers(int) types.Action {
	if s.behaviour == "trailers" {
		sum, _ := proxywasm.GetHttpRequestTrailer("x-sum")
		must(proxywasm.ReplaceHttpRequestTrailer("x-sum", sum+", seen"))
	}
	return types.ActionContinue
}

func (s *stream) OnHttpResponseHeaders(int, bool) types.Action {
	switch s.behaviour {
	case "headers":
		status, _ := proxywasm.GetHttpResponseHeader(":status")
		must(proxywasm.ReplaceHttpResponseHeader("x-status", status))
		must(proxywasm.AddHttpResponseHeader("x-response", "one"))
		must(proxywasm.AddHttpResponseHeader("x-response", "two"))
		must(proxywasm.ReplaceHttpResponseHeader("server", "behaviour"))
		must(proxywasm.RemoveHttpResponseHeader("x-internal"))
	case "body":
		must(proxywasm.RemoveHttpResponseHeader("content-length"))
	case "reply-to-response":
		must(proxywasm.SendHttpResponse(502, [][2]string{{"x-reply", "late"}}, []byte("replaced"), -1))
		return types.ActionPause
	case "properties":
		must(proxywasm.ReplaceHttpResponseHeader("x-code", number("response", "code")))
		mark, _ := proxywasm.GetProperty([]string{"behaviour_mark"})
		must(proxywasm.ReplaceHttpResponseHeader("x-mark", string(mark)))
	}
	return types.ActionContinue
}

func (s *stream) OnHttpResponseBody(_ int, endOfStream bool) types.Action {
	if s.behaviour != "body" {
		return types.ActionContinue
	}
	if !endOfStream {
		return types.ActionPause
	}
	must(proxywasm.PrependHttpResponseBody([]byte("{")))
	must(proxywasm.AppendHttpResponseBody([]byte("}")))
	return types.ActionContinue
}

func (s *stream) OnHttpStreamDone() {
	if s.behaviour == "log" {
		proxywasm.LogInfo("over: " + requestHeader(":path"))
	}
}

type connection struct {
	types.DefaultTcpContext
}

func (*connection) OnNewConnection() types.Action {
	proxywasm.LogInfo("connected")
	return types.ActionContinue
}

func (*connection) OnDownstreamData(size int, _ bool) types.Action {
	data, _ := proxywasm.GetDownstreamData(0, size)
	if !strings.HasSuffix(string(data), "\n") {
		return types.ActionPause
	}
	if string(data) == "quit\n" {
		must(proxywasm.CloseDownstream())
		return types.ActionPause
	}
	must(proxywasm.ReplaceDownstreamData(fmt.Appendf(nil, "<%s>", data)))
	return types.ActionContinue
}

func (*connection) OnUpstreamData(int, bool) types.Action {
	must(proxywasm.AppendUpstreamData([]byte("!")))
	return types.ActionContinue
}

func (*connection) OnDownstreamClose(peer types.PeerType) {
	proxywasm.LogInfof("downstream closed: %d", peer)
}

func (*connection) OnUpstreamClose(peer types.PeerType) {
	proxywasm.LogInfof("upstream closed: %d", peer)
}

func (*connection) OnStreamDone() {
	proxywasm.LogInfo("over")
}

func editRequestHeaders() {
	name, err := proxywasm.GetHttpRequestHeader("x-name")
	if errors.Is(err, types.ErrorStatusNotFound) {
		name = "absent"
	}
	setRequestHeader("x-got", name)
	must(proxywasm.AddHttpRequestHeader("x-added", "one"))
	must(proxywasm.AddHttpRequestHeader("x-added", "two"))
	setRequestHeader("x-replaced", "new")
	must(proxywasm.RemoveHttpRequestHeader("x-removed"))
	headers, err := proxywasm.GetHttpRequestHeaders()
	must(err)
	var pairs []string
	for _, header := range headers {
		if strings.HasPrefix(header[0], "x-pair-") {
			pairs = append(pairs, header[1])
		}
	}
	setRequestHeader("x-pairs", strings.Join(pairs, ","))
}

// One visit more, by compare-and-swap; then the same swap again, which must miss.
func countVisit() {
	visits, cas := sharedNumber("visits")
	must(proxywasm.SetSharedData("visits", decimal(visits+1), cas))
	stale := "none"
	if cas != 0 {
		stale = "swapped"
		if errors.Is(proxywasm.SetSharedData("visits", []byte("0"), cas), types.ErrorStatusCasMismatch) {
			stale = "mismatch"
		}
	}
	setRequestHeader("x-visits", strconv.Itoa(visits+1))
	setRequestHeader("x-stale", stale)
}

func callOut() {
	headers := [][2]string{
		{":method", "POST"},
		{":path", "/ask"},
		{":authority", "answers"},
		{"x-ask", requestHeader("x-name")},
	}
	_, err := proxywasm.DispatchHttpCall(requestHeader("x-cluster"), headers, []byte("question"), nil, callMs, answered)
	if err != nil {
		must(proxywasm.SendHttpResponse(500, nil, []byte("refused"), -1))
	}
}

func answered(headers, bodySize, _ int) {
	if headers == 0 {
		must(proxywasm.SendHttpResponse(503, nil, []byte("no answer"), -1))
		return
	}
	pairs, err := proxywasm.GetHttpCallResponseHeaders()
	must(err)
	for _, pair := range pairs {
		switch pair[0] {
		case "x-answer":
			setRequestHeader("x-answer", pair[1])
		case ":status":
			setRequestHeader("x-answer-status", pair[1])
		}
	}
	body, _ := proxywasm.GetHttpCallResponseBody(0, bodySize)
	setRequestHeader("x-answer-body", string(body))
	must(proxywasm.ResumeHttpRequest())
}

func callForeign() {
	packed, err := proxywasm.CallForeignFunction("compress", []byte("there and back"))
	must(err)
	unpacked, err := proxywasm.CallForeignFunction("uncompress", packed)
	must(err)
	setRequestHeader("x-foreign", string(unpacked))
	missing := "found"
	if _, err := proxywasm.CallForeignFunction("missing", []byte{0}); errors.Is(err, types.ErrorStatusNotFound) {
		missing = "not found"
	}
	setRequestHeader("x-missing", missing)
}

func showProperties() {
	method, _ := proxywasm.GetProperty([]string{"request", "method"})
	setRequestHeader("x-method", string(method))
	value, _ := proxywasm.GetProperty([]string{"request", "headers", "x-name"})
	setRequestHeader("x-header", string(value))
	setRequestHeader("x-source-port", number("source", "port"))
	setRequestHeader("x-time", number("request", "time"))
	mtls, err := proxywasm.GetProperty([]string{"connection", "mtls"})
	if err != nil {
		setRequestHeader("x-mtls", "absent")
	} else {
		setRequestHeader("x-mtls", strconv.FormatBool(mtls[0] == 1))
	}
	unknown := "there"
	if _, err := proxywasm.GetProperty([]string{"behaviour", "unknown"}); errors.Is(err, types.ErrorStatusNotFound) {
		unknown = "absent"
	}
	setRequestHeader("x-unknown", unknown)
	must(proxywasm.SetProperty([]string{"behaviour_mark"}, []byte("left")))
}

func (p *plugin) count() {
	p.requests.Increment(1)
	// The SDK sets no gauge, it adds to one.
	p.level.Add(42 - p.level.Value())
	p.level.Add(-2)
	p.sizes.Record(7)
	setRequestHeader("x-requests", strconv.FormatUint(p.requests.Value(), 10))
}

// Of {"label":"…"}.
func labelOf(configuration string) (string, bool) {
	_, rest, found := strings.Cut(configuration, `"label":"`)
	label, _, ended := strings.Cut(rest, `"`)
	return label, found && ended
}

func requestHeader(name string) string {
	value, _ := proxywasm.GetHttpRequestHeader(name)
	return value
}

func setRequestHeader(name, value string) {
	must(proxywasm.ReplaceHttpRequestHeader(name, value))
}

// A number kept as text; 0 and no cas when nobody has set it.
func sharedNumber(key string) (int, uint32) {
	value, cas, err := proxywasm.GetSharedData(key)
	if err != nil {
		return 0, 0
	}
	number, _ := strconv.Atoi(string(value))
	return number, cas
}

// The ABI's integers are eight bytes, little-endian.
func number(path ...string) string {
	value, err := proxywasm.GetProperty(path)
	if err != nil || len(value) != 8 {
		return "absent"
	}
	return strconv.FormatInt(int64(binary.LittleEndian.Uint64(value)), 10)
}

func decimal(number int) []byte {
	return strconv.AppendInt(nil, int64(number), 10)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
