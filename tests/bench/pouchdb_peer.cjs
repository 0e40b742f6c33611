// The peer of bench_sync.py: PouchDB 9 (leveldb) -> express-pouchdb (leveldb).
//   node pouchdb_peer.cjs serve FOLDER PORT        serves until killed
//   node pouchdb_peer.cjs fill FOLDER COUNT        so many documents of 1 KB
//   node pouchdb_peer.cjs replicate FOLDER URL     once, to the end; a JSON line
//   node pouchdb_peer.cjs idle FOLDER URL TIMES    replicates so often with nothing new
//   node pouchdb_peer.cjs count FOLDER             documents in a server's database
// Run with NODE_PATH at the folder of its packages.
const crypto = require("crypto");
const fs = require("fs");
const path = require("path");
const PouchDB = require("pouchdb");

const [act, folder, third, fourth] = process.argv.slice(2);
const local = () => new PouchDB(path.join(folder, "kiosk"));

async function main() {
  if (act === "serve") {
    const express = require("express");
    const Served = PouchDB.defaults({ prefix: path.join(folder, "city") + path.sep });
    fs.mkdirSync(path.join(folder, "city"), { recursive: true });
    const app = express();
    app.use("/", require("express-pouchdb")(Served, {
      mode: "minimumForPouchDB",
      configPath: path.join(folder, "config.json"),
      logPath: path.join(folder, "log.txt"),
    }));
    app.listen(Number(third), "127.0.0.1", () => console.log("serving"));
    return;
  }
  if (act === "fill") {
    const db = local();
    for (let from = 0; from < Number(third); from += 500) {
      const docs = [];
      for (let n = from; n < Math.min(from + 500, Number(third)); n++) {
        docs.push({ _id: crypto.randomUUID(), kind: "application", text: fs.readFileSync(fourth, "utf8").slice(n * 900 % 90000, n * 900 % 90000 + 900) });
      }
      await db.bulkDocs(docs);
    }
    await db.close();
  } else if (act === "replicate") {
    const done = await local().replicate.to(third, { batch_size: 100 });
    console.log(JSON.stringify({ written: done.docs_written, failed: done.doc_write_failures }));
  } else if (act === "idle") {
    const db = local();
    for (let n = 0; n < Number(fourth); n++) await db.replicate.to(third);
  } else if (act === "count") {
    const found = new PouchDB(path.join(folder, "city", "city"));
    console.log(JSON.stringify({ documents: (await found.info()).doc_count }));
  }
}
main().catch((error) => { console.error(String(error)); process.exit(1); });
