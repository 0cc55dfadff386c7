export { type ContractCheck, contract } from './contract.ts';
