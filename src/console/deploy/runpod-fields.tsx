import type { RunPodOptions } from '@trainyard/client';
import { useState } from 'react';

/** What a pod is to be, and what it may cost. An empty field has the recipe's value. */
export function RunPodFields() {
  const [budget, setBudget] = useState('');
  return (
    <fieldset className="runpod">
      <legend>RunPod</legend>
      <label className="field">
        GPU
        <input name="gpuType" placeholder="NVIDIA GeForce RTX 4090" />
      </label>
      <label className="field">
        Number of GPUs
        <input name="gpuCount" type="number" min="1" max="64" />
      </label>
      <label className="field">
        Image
        <input name="image" />
      </label>
      <label className="field">
        Budget in US dollars
        <input
          name="budgetUsd"
          type="number"
          min="0.01"
          step="any"
          value={budget}
          onChange={({ target }) => setBudget(target.value)}
        />
      </label>
      <label className="field">
        Hours at most
        <input name="maxHours" type="number" min="0.01" step="any" />
      </label>
      <p className={budget ? '' : 'notice warn'}>
        {budget
          ? `It costs at most some $${Number(budget).toFixed(2)}: then it is cancelled.`
          : 'Without a budget it costs until it ends.'}
      </p>
    </fieldset>
  );
}

/** The fields that were filled in. */
export function readRunPod(field: (name: string) => string): RunPodOptions {
  const number = (name: string) => (field(name) ? { [name]: Number(field(name)) } : {});
  const text = (name: string) => (field(name) ? { [name]: field(name) } : {});
  return {
    ...text('gpuType'),
    ...number('gpuCount'),
    ...text('image'),
    ...number('budgetUsd'),
    ...number('maxHours'),
  };
}
