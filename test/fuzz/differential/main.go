// Answers what the libraries of Drone make of a text: a line of JSON in, a line of JSON out.
//
//	{"template": "${A:-b}", "variables": {"A": ""}}  ->  {"text": "b"} or {"error": "..."}
//	{"file": "a: 1\n---\nb: 2\n"}                    ->  {"documents": [...]} or {"error": "..."}
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/buildkite/yaml"
	"github.com/drone/envsubst"
)

type question struct {
	Template  *string           `json:"template"`
	Variables map[string]string `json:"variables"`
	File      *string           `json:"file"`
}

type answer struct {
	Text      *string    `json:"text,omitempty"`
	Documents []document `json:"documents,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// What one document is to a reader that expects anything, and to one that expects certain types.
type document struct {
	Any   interface{} `json:"any"`
	Typed *typed      `json:"typed,omitempty"`
	// Why the types do not fit.
	Error string `json:"error,omitempty"`
	// Something follows the first thing of the document, and is not read.
	Rest bool `json:"rest,omitempty"`
}

type typed struct {
	Text string            `yaml:"text" json:"text"`
	Flag bool              `yaml:"flag" json:"flag"`
	Size int64             `yaml:"size" json:"size"`
	List []string          `yaml:"list" json:"list"`
	Dict map[string]string `yaml:"dict" json:"dict"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		told, err := json.Marshal(reply(asked))
		if err != nil {
			panic(err)
		}
		out.Write(told)
		out.WriteByte('\n')
	}
}

func reply(asked question) (told answer) {
	// Both libraries panic on some inputs, and so does a runner that calls them.
	defer func() {
		if failure := recover(); failure != nil {
			told = answer{Error: fmt.Sprintf("panic: %v", failure)}
		}
	}()
	if asked.Template != nil {
		text, err := envsubst.Eval(*asked.Template, func(name string) string {
			value := asked.Variables[name]
			if strings.Contains(value, "\n") {
				return strconv.Quote(value)
			}
			return value
		})
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{Text: &text}
	}
	documents := []document{}
	for _, text := range split(*asked.File) {
		var any interface{}
		if err := yaml.Unmarshal([]byte(text), &any); err != nil {
			return answer{Error: err.Error()}
		}
		if any == nil {
			continue
		}
		told := document{Any: tagged(any), Rest: hasRest(text)}
		fields := new(typed)
		if err := yaml.Unmarshal([]byte(text), fields); err != nil {
			told.Error = err.Error()
		} else {
			told.Typed = fields
		}
		documents = append(documents, told)
	}
	return answer{Documents: documents}
}

func hasRest(text string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var any interface{}
	if err := decoder.Decode(&any); err != nil {
		return false
	}
	return decoder.Decode(&any) != io.EOF
}

// Drone looks for separators before it parses.
func split(file string) []string {
	documents := []string{""}
	scanner := bufio.NewScanner(strings.NewReader(file))
	scanner.Buffer(nil, 1<<26)
	for scanner.Scan() {
		line := scanner.Text()
		if strings.HasPrefix(line, "---") {
			documents = append(documents, "")
			continue
		}
		if strings.HasPrefix(line, "...") {
			break
		}
		documents[len(documents)-1] += line + "\n"
	}
	return documents
}

// With the type of each scalar, for JSON knows fewer.
func tagged(value interface{}) interface{} {
	switch value := value.(type) {
	case nil:
		return nil
	case bool:
		return map[string]interface{}{"bool": value}
	case int, int64, uint64:
		return map[string]interface{}{"int": fmt.Sprint(value)}
	case float64:
		return map[string]interface{}{"float": strconv.FormatFloat(value, 'e', -1, 64)}
	case string:
		if !utf8.ValidString(value) {
			return map[string]interface{}{"bytes": hex.EncodeToString([]byte(value))}
		}
		return map[string]interface{}{"string": value}
	case []interface{}:
		list := make([]interface{}, len(value))
		for index, item := range value {
			list[index] = tagged(item)
		}
		return map[string]interface{}{"list": list}
	case map[interface{}]interface{}:
		pairs := make([][2]interface{}, 0, len(value))
		for key, item := range value {
			pairs = append(pairs, [2]interface{}{name(key), tagged(item)})
		}
		sort.Slice(pairs, func(a, b int) bool { return pairs[a][0].(string) < pairs[b][0].(string) })
		return map[string]interface{}{"map": pairs}
	}
	return map[string]interface{}{"other": fmt.Sprintf("%T", value)}
}

// A key as JSON has it.
func name(key interface{}) string {
	switch key := key.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(key, 'g', -1, 32)
	}
	return fmt.Sprint(key)
}
