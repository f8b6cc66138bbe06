// nodemailer's pool of 16 connections: node mail.js PORT COUNT BYTES prints messages a second. Each message has its own
// recipient and text; text and HTML together are BYTES long.
const nodemailer = require('nodemailer');

const [port, count, bytes] = process.argv.slice(2).map(Number);
const pool = nodemailer.createTransport({
  pool: true, host: '127.0.0.1', port, maxConnections: 16, maxMessages: Infinity, ignoreTLS: true, secure: false,
});
const line = 'We have been building scales in Burlington, Vermont, since 1971.\n';
const text = line.repeat(Math.ceil(bytes / 3 / line.length));
const html = ('<p>' + line + '</p>').repeat(Math.ceil(bytes / 3 * 2 / (line.length + 7)));

async function main() {
  const start = process.hrtime.bigint();
  let next = 0;
  async function one() {
    while (next < count) {
      const i = next++;
      await pool.sendMail({
        from: '"Ruth at Tarn Scales" <ruth@tarnscales.example>', to: `"Ada Alder" <lead${i}@example.net>`,
        subject: 'Welcome, and what to expect from us', text: `Hello Ada ${i},\n\n${text}`, html: `<p>Hello Ada ${i},</p>${html}`,
        headers: { 'List-Unsubscribe': `<https://hello.example/u/${i}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
      });
    }
  }
  await Promise.all(Array.from({ length: 64 }, one));
  console.log((count / (Number(process.hrtime.bigint() - start) / 1e9)).toFixed(0));
  pool.close();
}

main();
