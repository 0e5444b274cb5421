// An extension module in C++, with nanobind.

#include <map>
#include <sstream>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

namespace nb = nanobind;

class Tally {
public:
    explicit Tally(const std::string &text) { add(text); }

    void add(const std::string &text) {
        std::istringstream words(text);
        for (std::string word; words >> word;) {
            ++counts[word];
        }
    }

    long at(const std::string &word) const {
        auto found = counts.find(word);
        if (found == counts.end()) {
            throw nb::key_error(word.c_str());
        }
        return found->second;
    }

    long total() const {
        long sum = 0;
        for (const auto &[word, count] : counts) {
            sum += count;
        }
        return sum;
    }

    std::size_t size() const { return counts.size(); }

private:
    std::map<std::string, long> counts;
};

NB_MODULE(tally_nanobind, module) {
    module.doc() = "Counting words, in C++.";
    nb::class_<Tally>(module, "Tally", "Counts words.")
        .def(nb::init<const std::string &>(), nb::arg("text") = "")
        .def("add", &Tally::add, nb::arg("text"), "Count the words of a text.")
        .def("__len__", &Tally::size)
        .def("__getitem__", &Tally::at)
        .def_prop_ro("total", &Tally::total, "How many words have been counted.");
}
