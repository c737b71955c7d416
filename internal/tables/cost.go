package main

import (
	"fmt"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
)

func dollars(usd float64) string { return fmt.Sprintf("%.2f", usd) }

// millionTable is the bill of a million verified numbers, before and now.
func millionTable() string {
	var table strings.Builder
	table.WriteString("| US dollars for a million verified numbers | before | now | |\n|---|---:|---:|---|\n")
	before, now := cost.Before.Lines(), cost.Now.Lines()
	for i, l := range now {
		table.WriteString(row(l.Name, dollars(before[i].USD), dollars(l.USD), l.What))
	}
	traces := cost.Traces(million)
	table.WriteString(row(traces.Name, dollars(traces.USD), "off", "was on, with no switch"))
	table.WriteString(row("**in all**", "**"+dollars(cost.Total(before)+traces.USD)+"**", "**"+dollars(cost.Total(now))+"**"))
	return table.String()
}

const million = 1e6

// apartTable is what stands beside that bill, and what both come to where nothing is chosen.
func apartTable() string {
	lines := cost.Now.Apart()
	deployed := cost.Line{Name: "**with guard and proof, as the stack is deployed**", USD: cost.Now.Deployed()}
	return linesTable("US dollars for a million verified numbers", append(lines, deployed))
}

func linesTable(heading string, lines []cost.Line) string {
	var table strings.Builder
	table.WriteString("| " + heading + " | | |\n|---|---:|---|\n")
	for _, l := range lines {
		table.WriteString(row(l.Name, dollars(l.USD), l.What))
	}
	return table.String()
}

func fixedTable() string {
	lines := cost.Fixed()
	return linesTable("US dollars a month", append(lines, cost.Line{Name: "**in all**", USD: cost.Total(lines)}))
}

// monthsTable is what services of several sizes pay.
func monthsTable() string {
	var table strings.Builder
	table.WriteString("| verified numbers a month | requests that start an environment | for them | for the month itself | in all |\n|---:|---:|---:|---:|---:|\n")
	for _, e := range cost.Examples() {
		variable, fixed := cost.Now.Month(e), cost.Total(cost.Fixed())
		table.WriteString(row(fmt.Sprintf("%.0f", e.Verified), fmt.Sprintf("%.0f %%", 100*e.Cold), dollars(variable), dollars(fixed), dollars(variable+fixed)))
	}
	return table.String()
}

// memoryTable is what memory costs, and how much longer a request takes with its part of a CPU.
func memoryTable() string {
	var table strings.Builder
	table.WriteString("| memory | time of the functions, US dollars a million | a send takes longer than on a whole CPU by | a verify by |\n|---:|---:|---:|---:|\n")
	for _, mb := range []float64{128, 192, 256, 512} {
		d := cost.Design{MemoryMB: mb}
		table.WriteString(row(fmt.Sprintf("%.0f MB", mb), dollars(d.Time().USD), fmt.Sprintf("%.0f ms", d.SlowerSend()), fmt.Sprintf("%.0f ms", d.SlowerVerify())))
	}
	return table.String()
}

func inputsTable(inputs []cost.Input) string {
	var table strings.Builder
	table.WriteString("| input | | from |\n|---|---:|---|\n")
	for _, i := range inputs {
		table.WriteString(row(i.Name, strings.TrimSpace(fmt.Sprintf("%g %s", i.Value, i.Unit)), i.Source))
	}
	return table.String()
}

func pricesTable(prices []cost.Price) string {
	var table strings.Builder
	table.WriteString("| us-east-1, " + cost.PricesOf + " | US dollars | |\n|---|---:|---|\n")
	for _, p := range prices {
		table.WriteString(row("["+p.Name+"]("+p.Source+")", fmt.Sprintf("%.7g", p.USD), p.Per))
	}
	return table.String()
}
