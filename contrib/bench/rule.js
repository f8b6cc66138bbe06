// The same ten conditions in json-rules-engine: node rule.js SECONDS prints evaluations a second.
const { Engine } = require('json-rules-engine');

const all = [
  ['country', 'equal', 'US'], ['company_size', 'greaterThanInclusive', 50], ['company_size', 'lessThan', 5000],
  ['plan', 'equal', 'team'], ['city', 'equal', 'Burlington'], ['region', 'notEqual', 'TX'],
  ['locale', 'startsWith', 'en'], ['income_band', 'in', ['b', 'c']], ['postal_code', 'notEqual', null],
  ['company', 'holds', 'Bakery'],
].map(([fact, operator, value]) => ({ fact, operator, value }));
const facts = {
  country: 'US', company_size: 300, plan: 'team', city: 'Burlington', region: 'VT', locale: 'en-US', income_band: 'c',
  postal_code: '05401', company: 'Mill Bakery',
};

async function main() {
  const seconds = Number(process.argv[2]);
  const engine = new Engine([{ conditions: { all }, event: { type: 'met' } }]);
  engine.addOperator('startsWith', (text, start) => text.startsWith(start));
  engine.addOperator('holds', (text, part) => text.includes(part));
  const start = process.hrtime.bigint();
  let n = 0, elapsed = 0;
  while (elapsed < seconds) {
    for (let i = 0; i < 200; i++, n++) {
      const { events } = await engine.run(facts);
      if (events.length !== 1) throw new Error('the facts do not meet the conditions');
    }
    elapsed = Number(process.hrtime.bigint() - start) / 1e9;
  }
  console.log((n / elapsed).toFixed(0));
}

main();
