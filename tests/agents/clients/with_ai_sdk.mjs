// The AI SDK: steps, streams, objects with bounds. Arguments: client, URL.
import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import assert from 'node:assert';
import { generateObject, generateText, stepCountIs, streamObject, streamText, tool } from 'ai';
import { z } from 'zod';

const [client, url] = process.argv.slice(2);
const LIMIT = 30_000; // milliseconds for one case
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
globalThis.AI_SDK_LOG_WARNINGS = false;

const MODELS = {
  openai: () => createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k' })('gpt-5'),
  chat: () => createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k' }).chat('gpt-5'),
  anthropic: () => createAnthropic({ baseURL: `${url}/v1`, apiKey: 'k' })('claude-sonnet-4-5'),
  google: () => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: 'k' })('gemini-2.5-pro'),
  bedrock: () => createAmazonBedrock({ baseURL: url, region: 'us-east-1', apiKey: 'k' })(CLAUDE),
  compatible: () => createOpenAICompatible({
    name: 'gateway', baseURL: `${url}/v1`, apiKey: 'k', supportsStructuredOutputs: true,
  })('smart'),
};
const common = { model: MODELS[client](), maxRetries: 0, onError: () => {} };
const weather = tool({
  description: 'The weather somewhere.',
  inputSchema: z.object({
    city: z.string(),
    days: z.number().int().min(1).max(7).optional(),
    near: z.array(z.string()).max(3).optional(),
  }),
  execute: async ({ city }) => ({ city, sky: 'teal' }),
});
// OpenAI refuses lengths and oneOf of its own clients, who get its answer as it is:
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
const own = ['openai', 'chat', 'compatible'].includes(client);
const city = own ? z.string() : z.string().min(1).max(40);
const kinds = [
  z.object({ t: z.literal('a'), n: z.number() }),
  z.object({ t: z.literal('b'), s: z.string().nullable() }),
];
const place = z.object({ city, count: z.number().int().min(1).max(5) });
const rich = z.object({
  count: z.number().int().min(1).max(5),
  share: z.number().gt(0).lte(1),
  when: z.string().datetime().nullable(),
  tags: z.array(z.string().regex(/^[a-z]+$/)).min(1).max(3),
  kind: own ? z.union(kinds) : z.discriminatedUnion('t', kinds),
});
const RICH = { count: 2, share: 0.5, when: null, tags: ['a'], kind: { t: 'a', n: 1 } };
const look = { call_tool: 'weather', arguments: { city: 'Bern' }, rounds: 2 };

function order(text, orders) {
  const told = JSON.stringify({ ...orders, nonce: Math.random().toString(36) });
  return `${text} ORDER-${Buffer.from(told).toString('base64url')}-END`;
}

async function words(told) {
  let text = '';
  for await (const part of told.fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') text += part.text;
  }
  return text;
}

const CASES = {
  plain: async () => {
    assert((await generateText({ ...common, prompt: 'hello' })).text.includes('heard'));
  },
  streamed: async () => {
    assert((await words(streamText({ ...common, prompt: 'hello' }))).includes('heard'));
  },
  steps: async () => {
    const more = { ...common, tools: { weather }, stopWhen: stepCountIs(5) };
    const asked = { role: 'user', content: order('weather?', { ...look, reasoning: 3 }) };
    const told = await generateText({ ...more, messages: [asked] });
    assert(told.text.includes('teal') && told.steps.length === 3);
    const next = { role: 'user', content: order('and then?', {}) };
    const messages = [asked, ...told.response.messages, next];
    assert((await words(streamText({ ...more, messages }))).includes('heard'));
  },
  'streamed steps': async () => {
    const more = { tools: { weather }, stopWhen: stepCountIs(5) };
    const two = { ...look, call_tool: ['weather', 'weather'] };
    const told = streamText({ ...common, ...more, prompt: order('weather?', two) });
    assert((await words(told)).includes('teal'));
  },
  'demanded tool': async () => {
    const toolChoice = { type: 'tool', toolName: 'weather' };
    const told = await generateText({ ...common, prompt: 'where?', tools: { weather }, toolChoice });
    assert.equal(told.toolCalls.length, 1);
  },
  object: async () => {
    assert((await generateObject({ ...common, schema: place, prompt: 'where?' })).object.city);
  },
  'object with bounds': async () => {
    const prompt = order('where?', { text: JSON.stringify(RICH) });
    assert((await generateObject({ ...common, schema: rich, prompt })).object.kind.t === 'a');
  },
  'streamed object': async () => {
    const told = streamObject({ ...common, schema: place, prompt: 'where?' });
    for await (const _ of told.partialObjectStream);
    assert((await told.object).city);
  },
  'object without schema': async () => {
    const prompt = order('where? in JSON', { text: '{"a": 1}' });
    assert((await generateObject({ ...common, output: 'no-schema', prompt })).object.a === 1);
  },
  picture: async () => {
    const content = [{ type: 'text', text: 'what is it?' }, { type: 'image', image: PIXEL }];
    const told = await generateText({ ...common, messages: [{ role: 'user', content }] });
    assert(told.text.includes('heard'));
  },
  settings: async () => {
    const how = { system: 'be brief', temperature: 0.5, topP: 0.9, topK: 20, seed: 7 };
    const told = await generateText({ ...common, ...how, prompt: 'hello', stopSequences: ['END'] });
    assert(told.text.includes('heard'));
  },
};

function late() {
  return new Promise((_, fail) => setTimeout(() => fail(new Error('too late')), LIMIT).unref());
}

for (const [name, run] of Object.entries(CASES)) {
  try {
    await Promise.race([run(), late()]);
    console.log('ok', name);
  } catch (error) {
    const said = `${error.message} ${error.responseBody ?? ''}`.replaceAll('\n', ' ');
    console.log(`failed ${name}: ${said.slice(0, 500)}`);
  }
}
process.exit(0);
