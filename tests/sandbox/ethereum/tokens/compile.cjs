// Compiles the contracts beside it and prints, by name, their code and the slots of their state.
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const solc = require("solc");

const files = readdirSync(__dirname).filter((name) => name.endsWith(".sol"));
const sources = Object.fromEntries(
  files.map((name) => [name, { content: readFileSync(join(__dirname, name), "utf8") }]),
);
const settings = {
  optimizer: { enabled: true, runs: 200 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["evm.deployedBytecode.object", "storageLayout"] } },
};
const output = JSON.parse(
  solc.compile(JSON.stringify({ language: "Solidity", sources, settings })),
);
if (output.errors) {
  console.error(output.errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}

const contracts = {};
for (const file of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(file)) {
    const slots = contract.storageLayout.storage.map((item) => [item.label, Number(item.slot)]);
    const code = `0x${contract.evm.deployedBytecode.object}`;
    contracts[name] = { code, slots: Object.fromEntries(slots) };
  }
}
console.log(JSON.stringify(contracts));
