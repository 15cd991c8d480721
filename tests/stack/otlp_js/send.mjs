// Sends a call of many spans with the released exporter: send.mjs ADDRESS KEY json|proto COUNT
import { OTLPTraceExporter as Json } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Proto } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [address, key, encoding, count] = process.argv.slice(2);
const Exporter = encoding === "json" ? Json : Proto;
const exporter = new Exporter({ url: `${address}/v1/traces`, headers: { "x-api-key": key }, compression: "gzip" });
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const tracer = provider.getTracer("test");
for (let number = 0; number < Number(count); number++) {
  const attributes = { "gen_ai.conversation.id": `call-${encoding}`, number, big: 2 ** 40, share: 0.5, words: ["a", "b"] };
  tracer.startSpan(`step ${number}`, { attributes }).end();
}
await provider.shutdown();
