import type { Step } from './messages';

export function NextSteps({ steps }: { steps: Step[] }) {
  return (
    <section aria-labelledby="next-steps" className="mt-8">
      <h2 id="next-steps" className="text-sm font-semibold">
        What happens next
      </h2>
      <ol className="mt-4">
        {steps.map((step, index) => (
          <li key={step.title} className="step">
            <span aria-hidden="true" className="step-number">
              {index + 1}
            </span>
            <div>
              <p className="font-medium">{step.title}</p>
              <p className="mt-0.5 text-sm text-muted">{step.text}</p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
