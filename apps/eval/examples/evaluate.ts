// node evaluate.ts ./model
import { languageModel } from '@attune/app-eval';
import { useBackend } from '@attune/backend-onnx';
import { wordProblems } from '@attune/data';
import { evaluate, wordProblemsTask } from '@attune/eval';
import { loadPretrained } from '@attune/inference';

await useBackend();
const pretrained = loadPretrained(process.argv[2] ?? './model');
const task = wordProblemsTask(wordProblems({ count: 100, split: 'test' }));
console.log(await evaluate(languageModel(pretrained), task, { samples: 4, temperature: 1 }));
